import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { setImmediate } from 'node:timers/promises';
import { Retention } from '../src/account/retention';
import { OtpChallenge } from '../src/otp/otp-challenge.entity';
import { PhoneChange } from '../src/otp/phone-change.entity';
import { UndoCodes } from '../src/otp/undo-codes';
import { SmsMessage } from '../src/sms/sms-message.entity';
import { Session } from '../src/session/session.entity';
import { databases, mysql } from './support/databases';
import { mysqlUrl } from './support/environment';
import { postJson, requestOtpPath, verifyPath, type HttpReply } from './support/http-client';
import { ServiceProcess } from './support/service-process';
import { otherThan, TestApp } from './support/test-app';

const a = '+255679190720';
const b = '+255754000001';
const c = '+255754000002';
const bystander = '+255754000003';
const hour = 3_600;
const undoPath = '/api/account/phone-number/undo/';
const changePath = '/api/account/me/phone-number/';
const changeVerifyPath = `${changePath}verify/`;
const invalidOtp = [400, '{"detail":"Invalid OTP"}'];
const notFresh = [403, '{"detail":"Sign in again to do this.","code":"fresh_login_required"}'];
const taken = [400, '{"phone_number":["This phone number belongs to another account."]}'];
const undone = [200, '{}'];
const undoCode = /[2-9B-DF-HJ-NP-TV-XZ]{4}(-[2-9B-DF-HJ-NP-TV-XZ]{4}){2}/;

interface Pair {
  access: string;
  refresh: string;
}

const told = ({ status, text }: HttpReply) => [status, text];
const pairOf = ({ text }: HttpReply) => JSON.parse(text) as Pair;
const bearer = ({ access }: Pair) => ({ Authorization: `Bearer ${access}` });
const codeOf = (text = '') => undoCode.exec(text)?.[0] ?? 'none';

describe.each(databases)('a change of number, on $name', (database) => {
  let test: TestApp;
  beforeAll(async () => void (test = await TestApp.start(database)));
  beforeEach(() => test.reset());
  afterAll(() => test.stop());

  async function signIn(phoneNumber = a): Promise<Pair> {
    test.clock.advance(61);
    return pairOf(await test.verify(phoneNumber, await test.obtainOtp(phoneNumber)));
  }
  const send = (method: string, path: string, caller: Pair) => test.send({ method, path, headers: bearer(caller) });
  const numberOf = async (caller: Pair) =>
    (JSON.parse((await send('GET', '/api/account/me/', caller)).text) as { phone_number: string }).phone_number;
  const ask = (caller: Pair, phoneNumber: string) =>
    test.post(changePath, { phone_number: phoneNumber }, bearer(caller));
  const verify = (caller: Pair, phoneNumber: string, otp: string) =>
    test.post(changeVerifyPath, { phone_number: phoneNumber, otp }, bearer(caller));
  const undo = (phoneNumber: string, code: string) => test.post(undoPath, { phone_number: phoneNumber, code });
  const challenge = () =>
    test.dataSource.getRepository(OtpChallenge).findOneByOrFail({ phoneNumber: b, purpose: 'new-number' });
  const countOf = (entity: new () => object) => test.dataSource.getRepository(entity).count();

  async function move(caller: Pair, to: string): Promise<void> {
    expect((await ask(caller, to)).status).toBe(200);
    expect((await verify(caller, to, await test.lastCode(to))).status).toBe(200);
    await test.textsSent();
  }
  /** The code in the last text to a former number. */
  const undoCodeAt = (phoneNumber: string) => codeOf(test.inbox.to(phoneNumber).at(-1)?.text);

  describe('needs a fresh sign-in', () => {
    it.each([
      ['600 s old', 600, 200],
      ['601 s old', 601, 403],
    ])('to ask for a code: one that is %s', async (_name, seconds, status) => {
      const caller = await signIn();
      test.clock.advance(seconds);
      const { access, refresh } = pairOf(await test.post('/api/account/token/refresh/', { refresh: caller.refresh }));
      const reply = await ask({ access, refresh }, b);
      expect(reply.status).toBe(status);
      await test.textsSent();
      expect(test.inbox.to(b)).toHaveLength(status === 200 ? 1 : 0);
      if (status === 403) expect(told(reply)).toEqual(notFresh);
    });

    it('to use the code, which stays as it is otherwise', async () => {
      const caller = await signIn();
      test.clock.advance(400);
      await ask(caller, b);
      const otp = await test.lastCode(b);
      test.clock.advance(201);
      const fresh = pairOf(await test.post('/api/account/token/refresh/', { refresh: caller.refresh }));
      expect(told(await verify(fresh, b, otp))).toEqual(notFresh);
      expect(await challenge()).toMatchObject({ attempts: 0, consumedAt: null });
      expect(await numberOf(fresh)).toBe(a);
    });

    it('and an exchanged token of another stack is none', async () => {
      const caller = await signIn();
      await test.dataSource.getRepository(Session).update({ newMember: true }, { importedJti: 'x' });
      expect(told(await ask(caller, b))).toEqual(notFresh);
      expect(told(await verify(caller, b, '000000'))).toEqual(notFresh);
      expect(told(await send('DELETE', '/api/account/me/', caller))).toEqual(notFresh);
    });

    it('in a session that the database knows as live', async () => {
      const caller = await signIn();
      await ask(caller, b);
      const otp = await test.lastCode(b);
      // As another node does it: this one remembers the session as live for a while.
      await test.dataSource.getRepository(Session).update({ newMember: true }, { revokedAt: test.clock.now() });
      expect((await ask(caller, c)).status).toBe(401);
      expect((await verify(caller, b, otp)).status).toBe(401);
      expect((await send('DELETE', '/api/account/me/', caller)).status).toBe(401);
      expect(await test.dataSource.query(`SELECT phone_number FROM account`)).toEqual([{ phone_number: a }]);
    });
  });

  describe('is by a code that is good only in the session that asked for it', () => {
    it.each([
      ['another account', bystander],
      ['the same account', a],
    ])('which another session of %s can neither use nor use up', async (_name, phoneNumber) => {
      const [stranger, caller] = [await signIn(phoneNumber), await signIn()];
      await ask(caller, b);
      const otp = await test.lastCode(b);
      for (let guess = 0; guess < 6; guess++)
        expect(told(await verify(stranger, b, otherThan(otp)))).toEqual(invalidOtp);
      expect(told(await verify(stranger, b, otp))).toEqual(invalidOtp);
      expect(await challenge()).toMatchObject({ attempts: 0, consumedAt: null });
      expect((await verify(caller, b, otp)).status).toBe(200);
      expect(await numberOf(caller)).toBe(b);
    });

    it('which another session of the account takes over by asking again, guesses made included', async () => {
      const [earlier, caller] = [await signIn(), await signIn()];
      await ask(earlier, b);
      const otp = await test.lastCode(b);
      await verify(earlier, b, otherThan(otp));
      expect((await ask(caller, b)).headers['retry-after']).toBe('60');
      test.clock.advance(60);
      expect((await ask(caller, b)).status).toBe(200);
      expect(await test.lastCode(b)).toBe(otp);
      expect(told(await verify(earlier, b, otp))).toEqual(invalidOtp);
      expect(await challenge()).toMatchObject({ attempts: 1 });
      expect((await verify(caller, b, otp)).status).toBe(200);
    });

    it('which another account neither replaces nor sends, until it has ended', async () => {
      const [stranger, caller] = [await signIn(bystander), await signIn()];
      await ask(caller, b);
      const { id } = await challenge();
      // A dispatcher that is still busy with the text by then has lost its lease, and the text goes out twice.
      await test.textsSent();
      // Past the gap: the owner may send it again, a stranger may not.
      test.clock.advance(61);
      const reply = await ask(stranger, b);
      expect([reply.status, reply.headers['retry-after']]).toEqual([429, '239']);
      expect((await ask(caller, b)).status).toBe(200);
      await test.textsSent();
      test.clock.advance(238);
      expect((await ask(stranger, b)).headers['retry-after']).toBe('1');
      await test.textsSent();
      expect(test.inbox.to(b)).toHaveLength(2);
      expect(await challenge()).toMatchObject({ id });

      test.clock.advance(1);
      expect((await ask(stranger, b)).status).toBe(200);
      expect((await verify(stranger, b, await test.lastCode(b))).status).toBe(200);
    });

    it('which makes room once it is used up, after the gap', async () => {
      const [stranger, caller] = [await signIn(bystander), await signIn()];
      await ask(caller, b);
      const otp = await test.lastCode(b);
      for (let guess = 0; guess < 5; guess++) await verify(caller, b, otherThan(otp));
      expect((await ask(stranger, b)).headers['retry-after']).toBe('60');
      test.clock.advance(60);
      expect((await ask(stranger, b)).status).toBe(200);
    });

    it('and a sign-in at the number is not in its way', async () => {
      const caller = await signIn();
      await ask(caller, b);
      const otp = await test.lastCode(b);
      test.clock.advance(60);
      expect((await test.verify(b, await test.obtainOtp(b))).status).toBe(200);
      expect(told(await verify(caller, b, otp))).toEqual(taken);
    });
  });

  describe('is told to the former number', () => {
    it('with a code, in the language of the account, and to no other number', async () => {
      const caller = await signIn();
      const json = { ...bearer(caller), 'Content-Type': 'application/json' };
      await test.send({ method: 'PATCH', path: '/api/account/me/', headers: json, body: '{"locale":"en"}' });
      test.inbox.texts.length = 0;
      await move(caller, b);
      expect(test.inbox.texts.map(({ to }) => to)).toEqual([b, a]);
      const { text, ttlSeconds } = test.inbox.to(a)[0]!;
      expect(text).toBe(
        `Your Hodi number was changed. Was it not you? Undo it in the app with ${codeOf(text)}, within 72 hours.`,
      );
      expect(ttlSeconds).toBe(4 * hour);
    });

    it('but not where the number stays the same', async () => {
      const caller = await signIn();
      test.clock.advance(60);
      await move(caller, a);
      expect(test.inbox.to(a)).toHaveLength(2);
      expect(await countOf(PhoneChange)).toBe(0);
    });

    it('by the node that is up an hour later, with the same code', async () => {
      const caller = await signIn();
      await ask(caller, b);
      const otp = await test.lastCode(b);
      test.inbox.refusing = true;
      expect((await verify(caller, b, otp)).status).toBe(200);
      await test.textsSent();
      test.clock.advance(hour);
      test.inbox.refusing = false;
      await test.textsSent();
      expect(told(await undo(a, undoCodeAt(a)))).toEqual(undone);
    });

    it('not when 72 hours are over', async () => {
      const caller = await signIn();
      await ask(caller, b);
      const otp = await test.lastCode(b);
      test.inbox.refusing = true;
      await verify(caller, b, otp);
      await test.textsSent();
      test.clock.advance(72 * hour);
      test.inbox.refusing = false;
      test.inbox.texts.length = 0;
      await test.textsSent();
      expect(test.inbox.texts).toEqual([]);
      expect(await test.dataSource.getRepository(SmsMessage).findOneBy({ template: 'phone-changed' })).toMatchObject({
        state: 'expired',
      });
    });

    it('even when a new account of that number is deleted before the text is sent', async () => {
      const caller = await signIn();
      await ask(caller, b);
      const otp = await test.lastCode(b);
      test.inbox.refusing = true;
      await verify(caller, b, otp);
      await test.textsSent();
      test.inbox.refusing = false;
      test.clock.advance(hour);
      await test.requestOtp(a);
      await test.textsSent();
      const texts = test.inbox.to(a).map(({ text }) => text);
      const entry = texts.map((text) => /\b\d{6}\b/.exec(text)?.[0]).findLast(Boolean)!;
      const next = pairOf(await test.verify(a, entry));
      expect((await send('DELETE', '/api/account/me/', next)).status).toBe(204);
      expect(await test.dataSource.getRepository(SmsMessage).findBy({ phoneNumber: a })).toMatchObject([
        { template: 'phone-changed' },
      ]);
    });
  });

  describe('can be undone', () => {
    it('by the former number, which closes every session and is recorded', async () => {
      const [elsewhere, thief] = [await signIn(), await signIn()];
      await move(thief, b);
      expect((await send('GET', '/api/account/me/', elsewhere)).status).toBe(401);
      const byNew = await signIn(b);
      const reply = await undo(a, undoCodeAt(a));
      expect(told(reply)).toEqual(undone);
      expect(reply.headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'application/json' });
      for (const session of [thief, byNew]) {
        expect((await send('GET', '/api/account/me/', session)).status).toBe(401);
        expect((await test.post('/api/account/token/refresh/', { refresh: session.refresh })).status).toBe(401);
      }
      const owner = await signIn();
      expect(await numberOf(owner)).toBe(a);
      const events = JSON.parse((await send('GET', '/api/account/events/', owner)).text) as {
        results: { kind: string; ip: string }[];
      };
      expect(events.results).toEqual(
        expect.arrayContaining([expect.objectContaining({ kind: 'phone_number_restored', ip: '127.0.0.0' })]),
      );
      test.clock.advance(61);
      expect(pairOf(await test.verify(b, await test.obtainOtp(b)))).toMatchObject({ new_member: true });
    });

    it.each<[string, (code: string) => string]>([
      ['in small letters', (code) => code.toLowerCase()],
      ['without dashes', (code) => code.replaceAll('-', '')],
      ['with spaces, and other dashes', (code) => ` ${code.replaceAll('-', ' \u2013 ')} `],
      ['with direction marks', (code) => `\u2068${code}\u2069`],
      [
        'in fullwidth letters',
        (code) => code.replaceAll(/[A-Z2-9]/g, (it) => String.fromCharCode(it.charCodeAt(0) + 0xfee0)),
      ],
    ])('by a code %s', async (_name, written) => {
      const caller = await signIn();
      await move(caller, b);
      expect(told(await undo('+255 679 190 720', written(undoCodeAt(a))))).toEqual(undone);
    });

    it('once', async () => {
      await move(await signIn(), b);
      const code = undoCodeAt(a);
      const replies = await Promise.all(Array.from({ length: 20 }, () => undo(a, code)));
      expect(replies.map(({ status }) => status).toSorted()).toEqual([200, ...Array<number>(19).fill(400)]);
      expect(told(await undo(a, code))).toEqual(invalidOtp);
    });

    it('within 72 hours', async () => {
      const caller = await signIn();
      await move(caller, b);
      const code = undoCodeAt(a);
      test.clock.advance(72 * hour - 0.001);
      await test.app.get(Retention).removeExpired();
      expect(await countOf(PhoneChange)).toBe(1);
      test.clock.advance(0.001);
      expect(told(await undo(a, code))).toEqual(invalidOtp);
      await test.app.get(Retention).removeExpired();
      expect(await countOf(PhoneChange)).toBe(0);
    });

    it('with one answer and no change for whatever is wrong', async () => {
      const caller = await signIn();
      await move(caller, b);
      const code = undoCodeAt(a);
      const wrong = code.replace(/^./, (it) => (it === 'B' ? 'C' : 'B'));
      const replies = [
        await undo(a, wrong),
        await undo(b, code),
        await undo(c, code),
        await undo(a, 'B'),
        await undo(a, '💥'.repeat(12)),
      ];
      for (const reply of replies) expect(told(reply)).toEqual(invalidOtp);
      expect(await numberOf(caller)).toBe(b);
      expect(told(await undo(a, code))).toEqual(undone);
    });

    it.each<[string, object, string]>([
      ['no fields', {}, '{"phone_number":["This field is required."],"code":["This field is required."]}'],
      ['a list', { phone_number: a, code: ['x'] }, '{"code":["Not a valid string."]}'],
      [
        'a long code',
        { phone_number: a, code: 'x'.repeat(65) },
        '{"code":["Ensure this field has no more than 64 characters."]}',
      ],
      ['no number', { phone_number: '+255', code: 'x' }, '{"phone_number":["Enter a valid phone number."]}'],
    ])('not with %s', async (_name, body, text) => {
      expect(told(await test.post(undoPath, body))).toEqual([400, text]);
    });

    it('not while the former number has another account, and again when that is deleted', async () => {
      await move(await signIn(), b);
      const code = undoCodeAt(a);
      const next = await signIn(a);
      expect(
        told(
          await undo(
            a,
            code.replace(/^./, (it) => (it === 'B' ? 'C' : 'B')),
          ),
        ),
      ).toEqual(invalidOtp);
      for (let again = 0; again < 2; again++) expect(told(await undo(a, code))).toEqual(taken);
      expect(await numberOf(next)).toBe(a);
      expect((await send('DELETE', '/api/account/me/', next)).status).toBe(204);
      expect(told(await undo(a, code))).toEqual(undone);
    });

    it('and cancels the codes that are under way to either number', async () => {
      const thief = await signIn();
      await move(thief, b);
      test.clock.advance(61);
      const [atFormer, atNew] = [await test.obtainOtp(a), await test.obtainOtp(b)];
      const code = codeOf(
        test.inbox
          .to(a)
          .map(({ text }) => text)
          .find((text) => undoCode.test(text)),
      );
      expect(told(await undo(a, code))).toEqual(undone);
      expect(told(await test.verify(a, atFormer))).toEqual(invalidOtp);
      expect(told(await test.verify(b, atNew))).toEqual(invalidOtp);
    });

    it('by each former number of a chain, the first of which ends what came later', async () => {
      const thief = await signIn();
      await move(thief, b);
      await move(thief, c);
      const [first, second] = [undoCodeAt(a), undoCodeAt(b)];
      expect(told(await undo(a, first))).toEqual(undone);
      expect(told(await undo(b, second))).toEqual(invalidOtp);
      expect(await numberOf(await signIn(a))).toBe(a);
      expect(await countOf(PhoneChange)).toBe(0);
    });

    it('step by step backwards', async () => {
      const caller = await signIn();
      await move(caller, b);
      await move(caller, c);
      const [first, second] = [undoCodeAt(a), undoCodeAt(b)];
      expect(told(await undo(b, second))).toEqual(undone);
      expect(await test.dataSource.query('SELECT phone_number FROM account')).toEqual([{ phone_number: b }]);
      expect(told(await undo(a, first))).toEqual(undone);
      expect(await test.dataSource.query('SELECT phone_number FROM account')).toEqual([{ phone_number: a }]);
    });

    it('though the account was there and back again', async () => {
      const caller = await signIn();
      await move(caller, b);
      const first = undoCodeAt(a);
      test.clock.advance(60);
      await move(caller, a);
      expect(told(await undo(a, first))).toEqual(undone);
      expect(told(await undo(b, undoCodeAt(b)))).toEqual(invalidOtp);
      expect(await test.dataSource.query('SELECT phone_number FROM account')).toEqual([{ phone_number: a }]);
    });

    it('not when the key of its code has left the ring', async () => {
      await move(await signIn(), b);
      const change = await test.dataSource.getRepository(PhoneChange).findOneByOrFail({});
      expect(test.app.get(UndoCodes).isRight(change, undoCodeAt(a))).toBe(true);
      await test.dataSource.getRepository(PhoneChange).update({ step: 1 }, { keyId: 'gone' });
      expect(told(await undo(a, undoCodeAt(a)))).toEqual(invalidOtp);
    });

    it('not once the account is deleted, which forgets the former numbers', async () => {
      const caller = await signIn();
      await move(caller, b);
      const code = undoCodeAt(a);
      expect((await send('DELETE', '/api/account/me/', caller)).status).toBe(204);
      expect([await countOf(PhoneChange), await countOf(SmsMessage)]).toEqual([0, 0]);
      expect(told(await undo(a, code))).toEqual(invalidOtp);
    });
  });

  it('leaves its code in no table and no line of the log', async () => {
    await move(await signIn(), b);
    const code = undoCodeAt(a);
    await undo(a, code.replace(/^./, '2'));
    const tables = test.dataSource.entityMetadatas.map(({ tableName }) => tableName);
    const rows = await Promise.all(tables.map((table) => test.dataSource.query<object[]>(`SELECT * FROM ${table}`)));
    await undo(a, code);
    for (const sink of [JSON.stringify(rows), test.logged.join('\n')]) {
      expect(sink).not.toContain(code);
      expect(sink).not.toContain(code.replaceAll('-', ''));
    }
  });
});

(mysqlUrl === undefined ? describe.skip : describe)('two nodes on one MySQL (skipped without TEST_MYSQL_URL)', () => {
  let nodes: [ServiceProcess, ServiceProcess];
  let database: Connection;
  let made = 0;

  beforeAll(async () => {
    const url = await mysql.create();
    const first = await ServiceProcess.start({ DATABASE_URL: url });
    nodes = [first, await ServiceProcess.start({ DATABASE_URL: url, DATA_DIR: first.dataDir })];
    database = await createConnection(url);
  });
  afterAll(async () => {
    await database.end();
    await Promise.all(nodes.map((node) => node.stop()));
  });

  const node = (index: number) => nodes[index % 2]!.url;
  /** Each time other numbers, as the file of texts is never emptied. */
  const number = () => `+2556791907${20 + (made += 1)}`;
  const numbers = async () =>
    (await database.query<(RowDataPacket & { phone_number: string })[]>('SELECT phone_number FROM account'))[0].map(
      ({ phone_number }) => phone_number,
    );
  const ask = (index: number, caller: Pair, phoneNumber: string) =>
    postJson(node(index), changePath, { phone_number: phoneNumber }, bearer(caller));
  const verify = (index: number, caller: Pair, phoneNumber: string, otp: string) =>
    postJson(node(index), changeVerifyPath, { phone_number: phoneNumber, otp }, bearer(caller));
  const undo = (index: number, phoneNumber: string, code: string) =>
    postJson(node(index), undoPath, { phone_number: phoneNumber, code });
  async function signIn(phoneNumber: string): Promise<Pair> {
    await postJson(node(0), requestOtpPath, { phone_number: phoneNumber });
    const otp = await nodes[0].codeFor(phoneNumber);
    return pairOf(await postJson(node(0), verifyPath, { phone_number: phoneNumber, otp }));
  }
  async function undoCodeAt(phoneNumber: string): Promise<string> {
    for (;;) {
      const code = codeOf(await nodes[0].textTo(phoneNumber));
      if (code !== 'none') return code;
      await setImmediate();
    }
  }

  it('undo a change once, whoever asks where', async () => {
    const [former, next] = [number(), number()];
    const caller = await signIn(former);
    await ask(0, caller, next);
    await verify(0, caller, next, await nodes[0].codeFor(next));
    const code = await undoCodeAt(former);
    const replies = await Promise.all(Array.from({ length: 30 }, (_, index) => undo(index, former, code)));
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(replies.filter(({ status }) => status === 400)).toHaveLength(29);
    expect(await numbers()).toContain(former);
  });

  it('leave the account at its former number when the change is undone beside the next one', async () => {
    for (let round = 0; round < 5; round++) {
      const [former, next, third] = [number(), number(), number()];
      const caller = await signIn(former);
      await ask(0, caller, next);
      await verify(0, caller, next, await nodes[0].codeFor(next));
      const code = await undoCodeAt(former);
      await ask(0, caller, third);
      const otp = await nodes[0].codeFor(third);
      const [undoing, moving] = await Promise.all([undo(0, former, code), verify(1, caller, third, otp)]);
      expect(undoing.status).toBe(200);
      expect([200, 401]).toContain(moving.status);
      expect(await numbers()).toContain(former);
      expect((await database.query<RowDataPacket[]>('SELECT * FROM phone_change'))[0]).toEqual([]);
    }
  });

  it('send one text for requests of two sessions side by side', async () => {
    const next = number();
    const callers = [await signIn(number()), await signIn(number())];
    const replies = await Promise.all(callers.map((caller, index) => ask(index, caller, next)));
    expect(replies.map(({ status }) => status).toSorted()).toEqual([200, 429]);
    const winner = replies.findIndex(({ status }) => status === 200);
    const otp = await nodes[0].codeFor(next);
    const verified = await Promise.all(callers.map((caller, index) => verify(index, caller, next, otp)));
    expect(verified.map(({ status }) => status)).toEqual(callers.map((_, index) => (index === winner ? 200 : 400)));
  });
});
