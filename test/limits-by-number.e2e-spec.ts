import { Account } from '../src/account/account.entity';
import { OtpChallengeRepository } from '../src/otp/otp-challenge.repository';
import { Transaction } from '../src/transaction/transaction';
import { databases, type TestDatabase } from './support/databases';
import { secrets } from './support/environment';
import { postJson, type HttpReply } from './support/http-client';
import {
  addressOf,
  guessFrom,
  headersOf,
  LimitedService,
  solutionFor,
  wrongFor,
  type Caller,
} from './support/number-calls';

const phone = '+255679190720';
const elsewhere = '+255754000001';
const changePath = '/api/account/me/phone-number/';
const owner: Caller = { address: '203.0.113.7' };
const invalidOtp = [400, '{"detail":"Invalid OTP"}'];
const challengeRequired = [400, '{"captcha_token":["This field is required."]}'];
const [minute, hour, day] = [60, 3_600, 86_400];

const told = ({ status, text }: HttpReply) => [status, text];
const throttled = (seconds: number) => [
  429,
  `{"detail":"Request was throttled. Expected available in ${seconds} seconds."}`,
  String(seconds),
];
const refusal = ({ status, text, headers }: HttpReply) => [status, text, headers['retry-after']];
const formatOf = ({ text }: HttpReply) => (JSON.parse(text) as { code_format?: string }).code_format;
const stranger = (index: number): Caller => ({ address: addressOf(index) });

describe.each(databases)('limits by number, on $name', (database: TestDatabase) => {
  let service: LimitedService;
  beforeAll(async () => void (service = await LimitedService.start(database)));
  beforeEach(() => service.reset());
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => service.stop());

  const askForChange = (index: number, { access }: { access: string }, phone_number: string, captcha_token?: string) =>
    postJson(service.url(index), changePath, { phone_number, captcha_token }, { Authorization: `Bearer ${access}` });
  const guessChange = (index: number, { access }: { access: string }, phone_number: string, otp: string) =>
    postJson(service.url(index), `${changePath}verify/`, { phone_number, otp }, { Authorization: `Bearer ${access}` });
  const askForChangeSolved = async (index: number, caller: { access: string }, phoneNumber: string) =>
    askForChange(index, caller, phoneNumber, await solutionFor(service.url(index)));
  /** Texts that nobody follows with a sign-in, as soon as each may go out. */
  async function flood(texts: number): Promise<void> {
    for (let sent = 0; sent < texts; sent += 1) {
      service.advance(5 * minute);
      if (sent > 0 && sent % 5 === 0) service.advance(hour);
      expect((await service.askSolved(stranger(sent), phone)).status).toBe(200);
    }
  }
  /** Ten wrong guesses, from the network that asked and from another one. */
  async function useUpWrong(): Promise<void> {
    expect((await service.askSolved(stranger(1), phone)).status).toBe(200);
    await service.guessWrong(6, stranger(1), phone);
    await service.guessWrong(6, stranger(2), phone);
  }

  describe('texts', () => {
    it('go to a number five times an hour, for both purposes, over nodes and restarts', async () => {
      const mover = await service.signIn({ address: '203.0.113.9' }, elsewhere);
      const gaps = [60, 120, 300, 300];
      for (const [index, gap] of [...gaps, 300].entries()) {
        const reply =
          index === 1 ? await askForChangeSolved(index, mover, phone) : await postAsk(index, stranger(index), phone);
        expect(reply.status).toBe(200);
        if (index === 2) await service.restart();
        service.advance(gap);
      }
      expect(await service.texts(phone)).toBe(5);
      const left = hour - 1_080;
      for (const index of [0, 1]) {
        expect(refusal(await postAsk(index, stranger(index), phone))).toEqual(throttled(left));
        expect(refusal(await service.askSolved(stranger(index), phone))).toEqual(throttled(left));
      }
      expect(await service.texts(phone)).toBe(5);
      service.advance(left - 1);
      expect((await postAsk(0, stranger(0), phone)).status).toBe(429);
      service.advance(1);
      expect((await postAsk(1, stranger(0), phone)).status).toBe(200);
    });

    it('go to a number ten times a day, then once an hour with a solved challenge', async () => {
      await flood(5);
      await service.restart();
      service.advance(hour);
      await flood(5);
      expect(await service.texts(phone)).toBe(10);
      service.advance(hour - 1);
      expect(refusal(await service.askSolved(stranger(20), phone))[0]).toBe(429);
      service.advance(1);
      expect(told(await service.ask(stranger(20), phone))).toEqual(challengeRequired);
      const reply = await service.askSolved(stranger(20), phone);
      expect([reply.status, formatOf(reply)]).toEqual([200, 'alphanumeric']);
      service.advance(5 * minute);
      expect(refusal(await service.askSolved(stranger(21), phone))).toEqual(throttled(hour - 5 * minute));
      expect(await service.texts(phone)).toBe(11);
      service.advance(55 * minute);
      expect((await service.askSolved(stranger(21), phone)).status).toBe(200);
      service.advance(day);
      expect(formatOf(await service.ask(stranger(22), phone))).toBe('numeric');
    });

    it('are five more a day for a known device, of which a known network can take three', async () => {
      const device = await service.signIn(owner, phone);
      service.advance(hour);
      await flood(5);
      service.advance(hour);
      await flood(4);
      const sameNetwork = { address: owner.address };
      for (const [caller, status] of [
        ...Array<[Caller, number]>(3).fill([sameNetwork, 200]),
        [sameNetwork, 429],
        [device, 200],
        [device, 200],
        [device, 429],
        [stranger(40), 429],
      ] as [Caller, number][]) {
        service.advance(5 * minute);
        expect([caller.address, (await service.ask(caller, phone)).status]).toEqual([caller.address, status]);
      }
    });

    it('have gaps of 60, 120 and 300 s for both purposes together', async () => {
      const mover = await service.signIn({ address: '203.0.113.9' }, elsewhere);
      expect((await service.ask(owner, phone)).status).toBe(200);
      service.advance(59);
      expect(refusal(await askForChange(1, mover, phone))[0]).toBe(429);
      expect((await service.ask(owner, phone)).status).toBe(429);
      service.advance(1);
      expect((await askForChangeSolved(1, mover, phone)).status).toBe(200);
      service.advance(119);
      expect((await service.ask(owner, phone)).status).toBe(429);
      service.advance(1);
      expect((await service.ask(owner, phone)).status).toBe(200);
      service.advance(299);
      expect((await askForChange(0, mover, phone)).status).toBe(429);
      expect((await postAsk(1, owner, phone)).status).toBe(429);
      expect(await service.texts(phone)).toBe(3);
    });

    it('have gaps that last over the life of codes, and that begin anew with each sign-in', async () => {
      for (const gap of [60, 120]) {
        expect((await service.ask(owner, phone)).text).toContain(`"resend_in":${gap},`);
        service.advance(300);
      }
      await service.signIn(owner, phone);
      for (const gap of [60, 120]) {
        service.advance(gap === 60 ? 61 : 60);
        expect((await service.ask(owner, phone)).text).toContain(`"resend_in":${gap},`);
      }
    });

    it('are as many for a known network that has no live code, a minute after the last text', async () => {
      await service.signIn(owner, phone);
      for (const gap of [61, 61, 121]) {
        service.advance(gap);
        expect((await service.ask(stranger(1), phone)).status).toBe(200);
      }
      // The code expires 118 s after the last text: the gap of strangers is longer.
      service.advance(120);
      expect((await service.ask(stranger(1), phone)).status).toBe(429);
      expect((await service.ask(owner, phone)).status).toBe(200);
    });
  });

  describe('wrong guesses', () => {
    it('are ten in 24 hours; codes are alphanumeric then, and numeric again afterwards', async () => {
      await useUpWrong();
      expect(await service.wrong(phone)).toBe(10);
      await service.restart();
      service.advance(5 * minute);
      expect(told(await service.ask(stranger(3), phone))).toEqual(challengeRequired);
      const reply = await service.askSolved(stranger(3), phone);
      expect([reply.status, formatOf(reply)]).toEqual([200, 'alphanumeric']);
      await service.guessWrong(7, stranger(3), phone);
      expect(await service.wrong(phone)).toBe(10);
      service.advance(day - 5 * minute);
      expect(formatOf(await service.ask(stranger(3), phone))).toBe('numeric');
    });

    it('slide: each is forgotten 24 hours after it was made', async () => {
      await service.ask(stranger(1), phone);
      await service.guessWrong(5, stranger(1), phone);
      service.advance(12 * hour);
      await service.ask(stranger(1), phone);
      await service.guessWrong(5, stranger(1), phone);
      service.advance(12 * hour - 1);
      expect(formatOf(await service.askSolved(stranger(1), phone))).toBe('alphanumeric');
      service.advance(5 * minute + 1);
      expect(formatOf(await service.ask(stranger(1), phone))).toBe('numeric');
      expect(await service.lanes(phone)).toMatchObject({ others: 0 });
    });

    it('are thirty in 30 days, of which 14 are kept for known networks', async () => {
      await useUpWrong();
      service.advance(day);
      expect(formatOf(await service.ask(stranger(1), phone))).toBe('numeric');
      await service.guessWrong(5, stranger(1), phone);
      await service.guessWrong(5, stranger(2), phone);
      expect(await service.wrong(phone)).toBe(16);
      service.advance(28 * day);
      expect(formatOf(await service.askSolved(stranger(1), phone))).toBe('alphanumeric');
      service.advance(day);
      expect(formatOf(await service.ask(stranger(1), phone))).toBe('numeric');
    });

    it('are not cleared by a sign-in, by the deletion of the account, nor by a new one', async () => {
      await useUpWrong();
      service.advance(5 * minute);
      const { access, ...device } = await service.signIn(owner, phone);
      service.advance(minute);
      expect(formatOf(await service.ask(device, phone))).toBe('alphanumeric');
      const headers = { Authorization: `Bearer ${access}` };
      const deleted = await service.first.send({ method: 'DELETE', path: '/api/account/me/', headers });
      expect(deleted.status).toBe(204);
      service.advance(5 * minute);
      // It is no known device any more, as the account is gone.
      expect(told(await service.ask(device, phone))).toEqual(challengeRequired);
      await service.signIn(owner, phone);
      service.advance(minute);
      expect(formatOf(await service.ask(owner, phone))).toBe('alphanumeric');
      expect((await service.history(phone)).texts).toHaveLength(5);
    });

    it('and texts are still counted for a number that an account has left', async () => {
      await useUpWrong();
      service.advance(5 * minute);
      const moved = await service.signIn(owner, phone);
      expect((await askForChange(0, moved, elsewhere)).status).toBe(200);
      const code = await service.code(elsewhere, 'new-number');
      expect((await guessChange(0, moved, elsewhere, code)).status).toBe(200);
      expect(await service.wrong(phone)).toBe(10);
      expect((await service.history(phone)).texts).toHaveLength(2);
      expect((await service.history(elsewhere)).texts).toHaveLength(1);
      service.advance(5 * minute);
      expect(told(await service.ask(moved, phone))).toEqual(challengeRequired);
      // By its new number the account knows no device yet.
      await service.ask(stranger(1), elsewhere);
      expect(Object.keys(await service.lanes(elsewhere)).sort()).toHaveLength(3);
      expect(await knownClients(elsewhere)).toEqual({});
    });

    it('cannot be more by codes for two purposes at once', async () => {
      const mover = await service.signIn({ address: '203.0.113.9' }, elsewhere);
      await service.ask(stranger(1), phone);
      service.advance(minute);
      expect(told(await askForChange(0, mover, phone))).toEqual(challengeRequired);
      service.advance(5 * minute);
      // The first code has expired: its guesses are given back.
      const other = await askForChange(0, mover, phone);
      expect(formatOf(other)).toBe('numeric');
      service.advance(2 * minute);
      expect(formatOf(await service.ask(stranger(1), phone))).toBe('numeric');
      expect(await service.lanes(phone)).toMatchObject({ others: 0 });
      await service.guessWrong(6, stranger(1), phone);
      await service.guessWrong(6, stranger(2), phone);
      const wrong = wrongFor(await service.code(phone, 'new-number'));
      for (let made = 0; made < 6; made += 1)
        expect(told(await guessChange(made, mover, phone, wrong))).toEqual(invalidOtp);
      expect(await service.wrong(phone)).toBe(10);
    });

    it('are not given back by a new text, nor by a code that follows one that is about to expire', async () => {
      await service.ask(owner, phone);
      await service.guessWrong(2, owner, phone);
      await service.guessWrong(3, stranger(1), phone);
      const before = await service.lanes(phone);
      service.advance(minute);
      const code = await service.code(phone);
      expect((await service.ask(owner, phone)).status).toBe(200);
      expect(await service.code(phone)).toBe(code);
      expect(await service.lanes(phone)).toEqual(before);
      service.advance(211);
      expect((await service.ask(owner, phone)).status).toBe(200);
      expect(await service.code(phone)).not.toBe(code);
      expect(await service.lanes(phone)).toEqual(before);
      expect(await service.challenge(phone)).toMatchObject({ attempts: 5 });
      expect(await service.wrong(phone)).toBe(5);
    });

    it('stay counted where the request is refused for another reason', async () => {
      await service.ask(owner, phone);
      const code = await service.code(phone);
      const key = 'a-key-of-this-test';
      service.advance(30);
      expect((await guessFrom(service.url(), owner, phone, code, key)).status).toBe(200);
      service.advance(30);
      await service.ask(owner, phone);
      const next = await service.code(phone);
      expect((await guessFrom(service.url(), owner, phone, next, key)).status).toBe(422);
      expect(await service.wrong(phone)).toBe(1);
      expect(await service.challenge(phone)).toMatchObject({ attempts: 1 });
    });
  });

  describe('alphanumeric codes', () => {
    it('stand in the text, and may be typed in small letters', async () => {
      await useUpWrong();
      service.advance(5 * minute);
      await service.askSolved(owner, phone);
      const code = await service.code(phone);
      for (const node of service.nodes) await node.textsSent();
      const texts = service.nodes.flatMap(({ inbox }) => inbox.to(phone)).map(({ text }) => text);
      expect(code).toMatch(/^[2-9BCDFGHJKLMNPQRSTVWXZ]{6}$/);
      expect(texts.filter((text) => text.startsWith(`${code} `))).toHaveLength(1);
      expect((await service.guess(owner, phone, code.toLowerCase())).status).toBe(200);
    });

    it('give a further network guesses of its own, if it asks with a solved challenge', async () => {
      await useUpWrong();
      service.advance(5 * minute);
      await service.askSolved(stranger(1), phone);
      await service.guessWrong(5, stranger(2), phone);
      expect(await service.lanes(phone)).toMatchObject({ others: 0 });
      service.advance(10);
      expect(told(await service.ask(owner, phone))).toEqual(challengeRequired);
      expect((await service.askSolved(owner, phone)).status).toBe(429);
      expect(await service.texts(phone)).toBe(2);
      // Asking once more gives no more.
      await service.guessWrong(1, owner, phone);
      expect((await service.askSolved(owner, phone)).status).toBe(429);
      expect(Object.values(await service.lanes(phone)).sort()).toEqual([0, 2, 4, 5]);
      expect((await service.guess(owner, phone, await service.code(phone))).status).toBe(200);
    });

    it('give it also once the gap is over and the texts of the hour are used up', async () => {
      await service.signIn({ address: addressOf(9) }, phone);
      service.advance(minute);
      await useUpWrong();
      for (const gap of [300, 120, 300]) {
        service.advance(gap);
        expect((await service.askSolved(stranger(1), phone)).status).toBe(200);
      }
      // As if a sign-in had made the gap short again.
      const history = await service.history(phone);
      await saveHistory({ ...history, usedAt: history.texts.at(-1)! + 1 });
      service.advance(100);
      expect((await service.askSolved(owner, phone)).status).toBe(429);
      expect(await service.texts(phone)).toBe(5);
      expect((await service.guess(owner, phone, await service.code(phone))).status).toBe(200);
    });
  });

  const saveHistory = (history: object) =>
    service.first.dataSource.query('UPDATE number_limit SET history = ? WHERE history LIKE ?', [
      JSON.stringify(history),
      '%"texts":[_%',
    ]);
  const postAsk = (index: number, caller: Caller, phone_number: string) =>
    postJson(service.url(index), '/api/account/request-otp/', { phone_number }, headersOf(caller));
  const knownClients = async (phoneNumber: string) =>
    JSON.parse(
      (await service.first.dataSource.getRepository(Account).findOneByOrFail({ phoneNumber })).knownClients,
    ) as Record<string, number>;

  describe('a flood', () => {
    /** All that strangers can take of a code: of those who asked, and of all others. */
    async function burnStrangersGuesses(): Promise<void> {
      for (let index = 0; index < 12; index += 1) await service.guessWrong(1, stranger(index), phone);
      for (let index = 0; index < 5; index += 1) await service.guessWrong(1, stranger(100), phone);
    }

    it.each(['device', 'network'] as const)('never keeps out a known %s', async (known) => {
      const { deviceToken } = await service.signIn(owner, phone);
      const caller = known === 'device' ? { address: '192.0.2.99', deviceToken } : { address: owner.address };
      service.advance(hour);
      for (let round = 0; round < 6; round += 1) {
        await service.askSolved(stranger(100 + round), phone);
        await burnStrangersGuesses();
        for (let index = 0; index < 5; index += 1) await service.askSolved(stranger(200 + index), phone);
        service.advance(301);
      }
      // Texts of strangers are used up by now, and the last code has expired.
      expect((await service.askSolved(stranger(50), phone)).status).toBe(429);
      expect((await service.ask(caller, phone)).status).toBe(200);
      await burnStrangersGuesses();
      expect((await service.guess(caller, phone, await service.code(phone))).status).toBe(200);
    });

    it('keeps out no known device that guesses at the code of a text that a stranger asked for', async () => {
      const device = await service.signIn(owner, phone);
      service.advance(minute);
      await service.ask(stranger(100), phone);
      await burnStrangersGuesses();
      expect((await service.ask(device, phone)).status).toBe(429);
      expect((await service.guess({ ...device, address: '192.0.2.1' }, phone, await service.code(phone))).status).toBe(
        200,
      );
    });

    it('lets a new phone in a new network in, with a solved challenge', async () => {
      await flood(5);
      service.advance(hour);
      await flood(5);
      for (let round = 0; round < 3; round += 1) {
        service.advance(hour);
        expect((await service.askSolved(stranger(100), phone)).status).toBe(200);
        await burnStrangersGuesses();
      }
      service.advance(10);
      expect((await service.askSolved(owner, phone)).status).toBe(429);
      expect((await service.guess(owner, phone, await service.code(phone))).status).toBe(200);
    });

    it('leaves the code that it replaced good for known devices and networks, and for no one else', async () => {
      for (const [name, good] of [
        ['device', true],
        ['network', true],
        ['stranger', false],
      ] as const) {
        await service.reset();
        const { deviceToken } = await service.signIn(owner, phone);
        service.advance(minute);
        await service.ask(stranger(1), phone);
        const former = await service.code(phone);
        await service.guessWrong(5, stranger(1), phone);
        service.advance(minute);
        expect((await service.ask(stranger(1), phone)).status).toBe(200);
        expect(await service.code(phone)).not.toBe(former);
        const caller = {
          device: { address: '192.0.2.1', deviceToken },
          network: owner,
          stranger: stranger(1),
        }[name];
        expect([name, (await service.guess(caller, phone, former)).status]).toEqual([name, good ? 200 : 400]);
      }
    });

    it('leaves the former code good until its own end alone', async () => {
      const device = await service.signIn(owner, phone);
      service.advance(minute);
      await service.ask(stranger(1), phone);
      const former = await service.code(phone);
      await service.guessWrong(5, stranger(1), phone);
      service.advance(minute);
      await service.ask(stranger(1), phone);
      service.advance(240);
      expect(told(await service.guess(device, phone, former))).toEqual(invalidOtp);
      expect((await service.guess(device, phone, await service.code(phone))).status).toBe(200);
    });

    it('takes no guess of those who are known, whatever strangers send as a device token', async () => {
      const device = await service.signIn(owner, phone);
      service.advance(minute);
      await service.ask(stranger(1), phone);
      for (let index = 0; index < 30; index += 1)
        await service.guessWrong(
          1,
          { address: addressOf(index), deviceToken: forged(device.deviceToken!, index) },
          phone,
        );
      expect(await service.lanes(phone)).toMatchObject({ others: 0, known: 2 });
      expect(Object.keys(await service.lanes(phone))).toHaveLength(3);
      // Five of them stay with a device: the others of its network have a lane of their own.
      await service.guessWrong(5, owner, phone);
      expect(await service.lanes(phone)).toMatchObject({ known: 1 });
      await service.guessWrong(4, device, phone);
      expect((await service.guess(device, phone, await service.code(phone))).status).toBe(200);
    });

    it('is told of in the same words for a number without an account', async () => {
      await service.signIn(owner, elsewhere);
      await service.first.dataSource.query('DELETE FROM number_limit');
      await service.first.dataSource.query('DELETE FROM otp_challenge');
      const replies = new Map<string, unknown[]>();
      for (const number of [phone, elsewhere]) {
        const heard: unknown[] = [];
        for (let round = 0; round < 16; round += 1) {
          for (const index of [1, 2, 2]) heard.push(alike(await service.ask(stranger(index), number)));
          heard.push(alike(await service.askSolved(stranger(3), number)));
          for (const index of [1, 1, 1, 2, 3])
            heard.push(alike(await service.guess(stranger(index), number, wrongFor(await service.code(number)))));
          service.advance(100);
        }
        service.advance(-1_600);
        replies.set(number, heard);
      }
      expect(replies.get(phone)).toEqual(replies.get(elsewhere));
      expect(JSON.stringify(replies.get(phone))).toContain('alphanumeric');
    });
  });

  describe('a guess', () => {
    const statementsOf = async (work: () => Promise<HttpReply>) => {
      for (const node of service.nodes) await node.textsSent();
      const execute = jest.spyOn(Transaction.prototype, 'execute');
      const reply = await work();
      const sent = execute.mock.calls.map(([sql]) => sql.trim().split(/\s+/).slice(0, 2).join(' '));
      execute.mockRestore();
      // Clocks of the service and of the database are compared at any time.
      const statements = sent.filter((it) => !it.includes('TIMESTAMPDIFF'));
      return { statements, reply };
    };

    it('that is right sends five statements beside BEGIN and COMMIT, with a device token and without', async () => {
      let caller = owner;
      for (const isNew of [true, false, false]) {
        await service.ask(caller, phone);
        const code = await service.code(phone);
        const { statements, reply } = await statementsOf(() => service.guess(caller, phone, code));
        expect(statements).toHaveLength(5);
        expect(JSON.parse(reply.text)).toMatchObject({ new_member: isNew });
        if (!isNew) caller = { ...owner, deviceToken: reply.headers['x-device-token'] };
        service.advance(minute);
      }
    });

    it('that is wrong writes as much for a number without a code as for one with a code, with equal replies', async () => {
      const without = '+255754000077';
      await service.ask(owner, phone);
      const code = await service.code(phone);
      // Rows that stand for numbers without a code are made once, each at its first use.
      for (let place = 0; place < 64; place += 1)
        await service.first.dataSource.query(
          'INSERT INTO number_limit (number_hash, history, updated_at) VALUES (?, ?, ?)',
          [...[`stand-in-${place}`, '{}', '2026-06-01 12:00:00']],
        );
      const wrong = await statementsOf(() => service.guess(stranger(1), phone, wrongFor(code)));
      const none = await statementsOf(() => service.guess(stranger(1), without, wrongFor(code)));
      await service.guessWrong(5, stranger(1), phone);
      const usedUp = await statementsOf(() => service.guess(stranger(1), phone, wrongFor(code)));
      const rightTooLate = await statementsOf(() => service.guess(stranger(1), phone, code));
      for (const { statements, reply } of [none, usedUp, rightTooLate]) {
        expect(statements).toEqual(wrong.statements);
        expect(alike(reply)).toEqual(alike(wrong.reply));
      }
      expect(wrong.statements).toEqual([
        'SELECT otp_challenge.id,',
        'SELECT history',
        'UPDATE otp_challenge',
        'UPDATE number_limit',
      ]);
      expect((await service.guess(owner, phone, code)).status).toBe(200);
      const used = await statementsOf(() => service.guess(owner, phone, code));
      expect(used.statements).toEqual(wrong.statements);
    });
  });

  describe('a device token', () => {
    const tokenOf = async (caller: Caller) => (await service.signIn(caller, phone)).deviceToken!;
    /** Whether it marks a known device: only that has texts of its own beyond those of the hour. */
    const isKnown = async (deviceToken: string, phoneNumber = phone) => {
      const { texts } = await service.history(phoneNumber);
      await service.guessWrong(1, { address: '192.0.2.200', deviceToken }, phoneNumber);
      const names = Object.keys(await service.lanes(phoneNumber));
      expect(texts.length).toBeGreaterThan(0);
      return names.some((name) => name.startsWith('d'));
    };
    const withCode = async (phoneNumber = phone) => {
      service.advance(5 * minute);
      expect((await service.askSolved(stranger(1), phoneNumber)).status).toBe(200);
    };

    it('is good for its number alone', async () => {
      const token = await tokenOf(owner);
      const other = (await service.signIn(owner, elsewhere)).deviceToken!;
      await withCode();
      expect([await isKnown(other), await isKnown(token)]).toEqual([false, true]);
    });

    it('is spent by the next sign-in of its device', async () => {
      const token = await tokenOf(owner);
      service.advance(minute);
      const next = await tokenOf({ ...owner, deviceToken: token });
      expect(next).not.toBe(token);
      await withCode();
      expect([await isKnown(token), await isKnown(next)]).toEqual([false, true]);
      expect(
        Object.keys(await knownClients(phone))
          .map((name) => name[0])
          .sort(),
      ).toEqual(['d', 'n']);
    });

    it('stays good when another device signs in', async () => {
      const token = await tokenOf(owner);
      service.advance(minute);
      const other = await tokenOf({ address: '192.0.2.5' });
      await withCode();
      expect([await isKnown(token), await isKnown(other)]).toEqual([true, true]);
    });

    it('is dead with its session', async () => {
      const { refresh, deviceToken } = await service.signIn(owner, phone);
      await withCode();
      expect(await isKnown(deviceToken!)).toBe(true);
      expect((await service.first.post('/api/account/token/blacklist/', { refresh })).status).toBe(200);
      service.advance(5 * minute);
      await withCode();
      expect(await isKnown(deviceToken!)).toBe(false);
    });

    it('that is forged, cut or written otherwise is like none', async () => {
      const token = await tokenOf(owner);
      await withCode();
      const raw = Buffer.from(token, 'base64url');
      for (const other of [
        token.slice(0, -1),
        `${token}A`,
        `${token}=`,
        ` ${token.slice(1)}`,
        raw.toString('hex'),
        raw.toString('base64').replace('=', ''),
        `${token.slice(0, 42)}${otherLast(token)}`,
        forged(token, 0),
        forged(token, 20),
        Buffer.alloc(32).toString('base64url'),
        `${token}, ${token}`,
        '',
      ].filter((it) => it !== token))
        expect([other, await isKnown(other)]).toEqual([other, false]);
      expect(await isKnown(token)).toBe(true);
    });

    it('is the same in the repetition of a request, and known afterwards', async () => {
      await service.ask(owner, phone);
      const code = await service.code(phone);
      const verify = () => guessFrom(service.url(), owner, phone, code, 'a-key-of-this-test');
      const replies = [await verify(), await verify()];
      expect(replies.map(({ status }) => status)).toEqual([200, 200]);
      const [one, other] = replies.map(({ headers }) => headers['x-device-token']);
      expect(one).toMatch(/^[\w-]{43}$/);
      expect(other).toBe(one);
      await withCode();
      expect(await isKnown(one!)).toBe(true);
    });

    it('is not in the reply to a wrong guess', async () => {
      await service.ask(owner, phone);
      const reply = await service.guess(owner, phone, wrongFor(await service.code(phone)));
      expect(reply.headers['x-device-token']).toBeUndefined();
    });
  });

  it('keep no number, code, address or token in what they count and know', async () => {
    const device = await service.signIn(owner, phone);
    service.advance(minute);
    await service.ask(device, phone);
    const code = await service.code(phone);
    await service.guessWrong(2, device, phone);
    await service.guessWrong(2, stranger(1), phone);
    const rows = await Promise.all(
      ['SELECT * FROM number_limit', 'SELECT known_clients FROM account', 'SELECT lanes FROM otp_challenge'].map(
        (sql) => service.first.dataSource.query<object[]>(sql),
      ),
    );
    const kept = JSON.stringify(rows);
    expect(rows.map(({ length }) => length)).toEqual([1, 1, 1]);
    const { access, deviceToken = '' } = device;
    const { sid } = JSON.parse(Buffer.from(access.split('.')[1]!, 'base64url').toString()) as { sid: string };
    for (const secret of [phone.slice(1), phone.slice(4), `"${code}"`, owner.address, addressOf(1), deviceToken, sid])
      expect(kept).not.toContain(secret);
    const logged = service.nodes.flatMap((node) => node.logged).join('');
    for (const secret of [phone.slice(1), deviceToken, owner.address]) expect(logged).not.toContain(secret);
  });

  it('refuse, and count nothing, where a guess is counted between its reading and its counting', async () => {
    await service.ask(owner, phone);
    const code = await service.code(phone);
    const challenges = service.first.app.get(OtpChallengeRepository);
    const count = challenges.count.bind(challenges);
    jest.spyOn(challenges, 'count').mockImplementationOnce(async (transaction, ...rest) => {
      await transaction.execute('UPDATE otp_challenge SET lanes = \'{"others":0,"known":0}\'', []);
      return count(transaction, ...rest);
    });
    expect(told(await service.guess(owner, phone, code))).toEqual(invalidOtp);
    expect(await service.challenge(phone)).toMatchObject({ attempts: 0, consumedAt: null });
  });
});

/** What can be compared of replies to two numbers. */
const alike = ({ status, text, headers }: HttpReply) => [
  status,
  text.replace(/"request_id":"[^"]+"/, ''),
  ...Object.entries(headers).filter(([name]) => !['date', 'x-request-id', 'content-length'].includes(name)),
];

/** Another character at one place, from the end on. */
function forged(token: string, place: number): string {
  const at = 41 - (place % 42);
  return `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
}

/** The same 256 bits with another last character: base64url leaves two bits of it unused. */
function otherLast(token: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return letters[letters.indexOf(token[42]!) ^ 1]!;
}

describe.each(databases)('a change of SECRET_KEY, on $name', (database) => {
  it('leaves limits, known devices and known networks as they are', async () => {
    const url = await database.create();
    const shared = { name: database.name, create: async () => url };
    const before = await LimitedService.start(shared);
    const device = await before.signIn(owner, phone);
    before.advance(minute);
    await before.ask(stranger(1), phone);
    await before.guessWrong(6, stranger(1), phone);
    await before.guessWrong(6, stranger(2), phone);
    const now = before.first.clock.now().getTime();
    await before.stop();

    const newKey = 'Zs3XdC5fVgB7hNjM9kLqA1wSeD2rFtG4yHuJ6iKo';
    const after = await LimitedService.start(shared, { SECRET_KEY: `${newKey},${secrets.SECRET_KEY}` });
    after.advance((now - after.first.clock.now().getTime()) / 1000 + 5 * minute);
    expect(told(await after.ask(stranger(1), phone))).toEqual(challengeRequired);
    for (const caller of [{ address: '192.0.2.1', deviceToken: device.deviceToken }, { address: owner.address }]) {
      expect(formatOf(await after.ask(caller, phone))).toBe('alphanumeric');
      await after.guessWrong(1, caller, phone);
      after.advance(5 * minute);
    }
    expect(await after.wrong(phone)).toBe(10);
    const again = await after.signIn({ address: '192.0.2.1', deviceToken: device.deviceToken }, phone);
    expect(again.deviceToken).not.toBe(device.deviceToken);
    await after.stop();
  });
});
