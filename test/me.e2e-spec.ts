import { Retention } from '../src/account/retention';
import { AuthEvent } from '../src/event/auth-event.entity';
import { AuthEvents } from '../src/event/auth-events';
import { TransactionRunner } from '../src/transaction/transaction-runner';
import { databases, sqlite } from './support/databases';
import { otpSent, type HttpReply } from './support/http-client';
import { otherThan, TestApp } from './support/test-app';

const phone = '+255679190720';
const other = '+255754000001';
const third = '+255754000002';
const invalidOtp = '{"detail":"Invalid OTP"}';
const notFound = '{"detail":"Not found."}';
const notAuthenticated = '{"detail":"Authentication credentials were not provided."}';
const nobody = '0197a0c8-1a5a-7000-8000-000000000000';

interface SignIn {
  access: string;
  refresh: string;
  new_member: boolean;
}
interface Listed {
  id: string;
  ip: string;
  user_agent: string;
  current: boolean;
}
interface Page {
  count: number;
  next: string | null;
  previous: string | null;
  results: { kind: string; at: string; session_id: string }[];
}

let test: TestApp;

const read = <T>({ text }: HttpReply) => JSON.parse(text) as T;
const told = ({ status, text }: HttpReply) => [status, text];
const sid = ({ access }: SignIn) =>
  read<{ sid: string }>({ text: Buffer.from(access.split('.')[1]!, 'base64url').toString() } as HttpReply).sid;

function call(method: string, path: string, access?: string, body?: unknown, more: Record<string, string> = {}) {
  const headers = {
    ...(access === undefined ? {} : { Authorization: `Bearer ${access}` }),
    ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    ...more,
  };
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  return test.send({ method, path: `/api/account/${path}`, headers, body: text });
}

/** Each a minute after the last one: past the gap between texts, and in an order. */
async function signIn(phoneNumber = phone, headers: Record<string, string> = {}): Promise<SignIn> {
  test.clock.advance(61);
  const otp = await test.obtainOtp(phoneNumber);
  const path = '/api/account/verify-otp-and-generate-token/';
  return read(await test.post(path, { phone_number: phoneNumber, otp }, headers));
}

const me = async ({ access }: SignIn) => read<Record<string, string>>(await call('GET', 'me/', access));
const sessions = async ({ access }: SignIn) => read<Listed[]>(await call('GET', 'sessions/', access));
const events = async ({ access }: SignIn, query = '') =>
  read<Page>(await call('GET', `events/${query}`, access)).results;
const isAlive = async ({ access }: SignIn) => (await call('GET', 'me/', access)).status === 200;
const refresh = (token: string) => test.post('/api/account/token/refresh/', { refresh: token });
const verifyNew = ({ access }: SignIn, phoneNumber: string, otp: string) =>
  call('POST', 'me/phone-number/verify/', access, { phone_number: phoneNumber, otp });

async function askNew({ access }: SignIn, phoneNumber: string): Promise<string> {
  const reply = await call('POST', 'me/phone-number/', access, { phone_number: phoneNumber });
  if (reply.status !== 200) throw new Error(reply.text);
  return test.lastCode(phoneNumber);
}

/** The clock stands at a quarter of a second. */
const now = () => test.clock.now().toISOString().replace('.250Z', '.250000Z');
const after = (seconds: number) => new Date(test.clock.now().getTime() + seconds * 1000).toISOString();

async function dump(): Promise<string> {
  const tables = test.dataSource.entityMetadatas.map(({ tableName }) => tableName);
  return JSON.stringify(await Promise.all(tables.map((table) => test.dataSource.query(`SELECT * FROM ${table}`))));
}

const routes: [method: string, path: string, status: number, body?: object][] = [
  ['GET', 'me', 200],
  ['PATCH', 'me', 200, { locale: 'sw' }],
  ['POST', 'me/phone-number', 200, { phone_number: other }],
  ['POST', 'me/phone-number/verify', 400, { phone_number: third, otp: '000000' }],
  ['GET', 'sessions', 200],
  ['DELETE', `sessions/${nobody}`, 404],
  ['DELETE', 'sessions', 204],
  ['GET', 'events', 200],
  ['DELETE', 'me', 204],
];

describe.each(databases)('the caller’s own account, on $name', (database) => {
  beforeAll(async () => void (test = await TestApp.start(database, { TRUSTED_PROXIES: '127.0.0.0/8' })));
  beforeEach(() => test.reset());
  afterAll(() => test.stop());

  describe('every route', () => {
    it.each(routes)('%s %s is 401 without a token, with and without the slash at its end', async (method, path) => {
      for (const form of [path, `${path}/`]) {
        const reply = await call(method, form);
        expect(told(reply)).toEqual([401, notAuthenticated]);
        expect(reply.headers).toMatchObject({
          'www-authenticate': 'Bearer realm="api"',
          'cache-control': 'no-store',
          'content-type': 'application/json',
        });
      }
    });

    it.each(routes)('%s %s answers with a token, with and without the slash at its end', async (...route) => {
      const [method, path, status, body] = route;
      for (const form of [path, `${path}/`]) {
        expect((await call(method, form, (await signIn()).access, body)).status).toBe(status);
      }
    });

    it('refuses a refresh token, and an access token past its life', async () => {
      const caller = await signIn();
      const wrong = await call('GET', 'me/', caller.refresh);
      expect(told(wrong)).toEqual([
        401,
        '{"detail":"Given token not valid for any token type","code":"token_not_valid","messages":[{"token_class":"AccessToken","token_type":"access","message":"Token is invalid or expired"}]}',
      ]);
      test.clock.advance(601);
      expect(told(await call('GET', 'me/', caller.access))).toEqual(told(wrong));
    });
  });

  describe('reading it', () => {
    it('tells of the account and no more, times with six digits of a second', async () => {
      const caller = await signIn();
      const reply = await call('GET', 'me/', caller.access);
      const { id } = read<{ id: string }>(reply);
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(told(reply)).toEqual([
        200,
        `{"id":"${id}","phone_number":"${phone}","display_name":"","locale":"","created_at":"${now()}","last_login_at":"${now()}"}`,
      ]);
      expect(reply.headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' });
    });

    it('tells when the last sign-in was, and whole seconds without a fraction', async () => {
      await signIn();
      const made = now();
      test.clock.advance(0.75);
      const caller = await signIn();
      const { created_at, last_login_at } = await me(caller);
      expect([created_at, last_login_at]).toEqual([made, test.clock.now().toISOString().replace('.000Z', 'Z')]);
      test.clock.advance(0.25);
    });
  });

  describe('changing it', () => {
    it.each([
      ['the name', { display_name: ' Asha Ñ 🦒 ' }, { display_name: 'Asha Ñ 🦒', locale: '' }],
      ['the language', { locale: 'sw-TZ' }, { display_name: '', locale: 'sw-TZ' }],
      ['both', { display_name: 'Asha', locale: 'sw' }, { display_name: 'Asha', locale: 'sw' }],
      ['neither', {}, { display_name: '', locale: '' }],
      ['nothing that is not its owner’s', { id: nobody, phone_number: other, created_at: 'x' }, {}],
      [
        '100 characters, each of two code units',
        { display_name: '🦒'.repeat(100) },
        { display_name: '🦒'.repeat(100) },
      ],
    ])('takes %s, and tells the whole account', async (_name, change, changed) => {
      const caller = await signIn();
      const before = await me(caller);
      const reply = await call('PATCH', 'me/', caller.access, change);
      expect([reply.status, read(reply)]).toEqual([200, { ...before, ...changed }]);
      expect(await me(caller)).toEqual({ ...before, ...changed });
    });

    it('keeps the field that is not named, and empties one that is blank', async () => {
      const caller = await signIn();
      await call('PATCH', 'me/', caller.access, { display_name: 'Asha', locale: 'sw' });
      await call('PATCH', 'me/', caller.access, { locale: 'en' });
      expect(await me(caller)).toMatchObject({ display_name: 'Asha', locale: 'en' });
      await call('PATCH', 'me/', caller.access, { display_name: ' ', locale: '' });
      expect(await me(caller)).toMatchObject({ display_name: '', locale: '' });
    });

    it('takes a form, and an empty body', async () => {
      const caller = await signIn();
      const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
      const reply = await call('PATCH', 'me/', caller.access, 'display_name=Asha+B&locale=sw', form);
      expect(read(reply)).toMatchObject({ display_name: 'Asha B', locale: 'sw' });
      expect(read(await call('PATCH', 'me/', caller.access))).toEqual(read(reply));
    });

    it.each([
      [
        'a long name',
        { display_name: 'x'.repeat(101) },
        'display_name',
        'Ensure this field has no more than 100 characters.',
      ],
      ['a long language', { locale: 'x'.repeat(36) }, 'locale', 'Ensure this field has no more than 35 characters.'],
      ['a bad language', { locale: 'sw_TZ' }, 'locale', 'This value does not match the required pattern.'],
      ['a null name', { display_name: null }, 'display_name', 'This field may not be null.'],
      ['a null language', { locale: null }, 'locale', 'This field may not be null.'],
      ['a list for a name', { display_name: ['Asha'] }, 'display_name', 'Not a valid string.'],
      ['NUL in a name', { display_name: 'a\0b' }, 'display_name', 'Null characters are not allowed.'],
    ])('refuses %s, and changes nothing', async (_name, change, field, fault) => {
      const caller = await signIn();
      const before = await me(caller);
      const reply = await call('PATCH', 'me/', caller.access, { display_name: 'Asha', locale: 'en', ...change });
      expect(reply.status).toBe(400);
      expect(read<Record<string, string[]>>(reply)[field]).toContain(fault);
      expect(await me(caller)).toEqual(before);
    });
  });

  describe('deleting it', () => {
    it('ends its sessions at once, and leaves the number in no table', async () => {
      const [elsewhere, caller] = [await signIn(), await signIn()];
      expect(await dump()).toContain(phone.slice(1));
      expect(told(await call('DELETE', 'me/', caller.access))).toEqual([204, '']);

      for (const { access, refresh: token } of [elsewhere, caller]) {
        expect((await call('GET', 'me/', access)).status).toBe(401);
        expect((await refresh(token)).status).toBe(401);
      }
      expect(await dump()).not.toContain(phone.slice(1));
      expect(await test.dataSource.getRepository(AuthEvent).findOneByOrFail({ kind: 'account_deleted' })).toMatchObject(
        {
          sessionId: sid(caller),
          phonePseudonym: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
        },
      );
    });

    it('frees the number for another account, which sees nothing of the old one', async () => {
      const caller = await signIn();
      const { id } = await me(caller);
      await call('PATCH', 'me/', caller.access, { display_name: 'Asha' });
      await call('DELETE', 'me/', caller.access);

      const next = await signIn();
      expect(next.new_member).toBe(true);
      const account = await me(next);
      expect(account).toMatchObject({ phone_number: phone, display_name: '' });
      expect(account.id).not.toBe(id);
      expect((await events(next)).map(({ kind }) => kind)).toEqual(['signed_in']);
    });

    it('leaves other accounts alone', async () => {
      const [neighbour, caller] = [await signIn(other), await signIn()];
      await call('DELETE', 'me/', caller.access);
      expect(await isAlive(neighbour)).toBe(true);
    });

    it.each([
      [600, 204, ''],
      [600.001, 403, '{"detail":"Sign in again to do this.","code":"fresh_login_required"}'],
    ])('%d s after the sign-in, refreshed since, is %d', async (seconds, status, text) => {
      const caller = await signIn();
      test.clock.advance(seconds);
      const { access } = read<SignIn>(await refresh(caller.refresh));
      expect(told(await call('DELETE', 'me/', access))).toEqual([status, text]);
      expect((await call('GET', 'me/', access)).status).toBe(status === 204 ? 401 : 200);
      if (seconds % 1 > 0) test.clock.advance(0.999);
    });
  });

  describe('changing its number', () => {
    it('sends a code to the new number and answers as for a sign-in', async () => {
      const caller = await signIn();
      test.inbox.texts.length = 0;
      const reply = await call('POST', 'me/phone-number/', caller.access, { phone_number: '+255 754 000 001' });
      await test.textsSent();
      expect(told(reply)).toEqual([200, expect.stringMatching(otpSent)]);
      expect(test.inbox.texts.map(({ to }) => to)).toEqual([other]);
      expect(await me(caller)).toMatchObject({ phone_number: phone });
    });

    it('moves the account, closes its other sessions and keeps this one', async () => {
      const [elsewhere, caller] = [await signIn(), await signIn()];
      const before = await me(caller);
      const reply = await verifyNew(caller, other, await askNew(caller, other));
      expect([reply.status, read(reply)]).toEqual([200, { ...before, phone_number: other }]);
      expect([await isAlive(caller), await isAlive(elsewhere)]).toEqual([true, false]);
      expect([(await refresh(caller.refresh)).status, (await refresh(elsewhere.refresh)).status]).toEqual([200, 401]);

      const byNew = await signIn(other);
      expect([byNew.new_member, (await me(byNew)).id]).toEqual([false, before.id]);
      const byOld = await signIn(phone);
      expect(byOld.new_member).toBe(true);
      expect((await me(byOld)).id).not.toBe(before.id);
    });

    it('leaves the former number in no table, 72 hours later', async () => {
      const caller = await signIn();
      await verifyNew(caller, other, await askNew(caller, other));
      await test.textsSent();
      expect(await dump()).toContain(phone.slice(1));
      test.clock.advance(72 * 3600);
      await test.app.get(Retention).removeExpired();
      expect(await dump()).not.toContain(phone.slice(1));
    });

    it('counts five wrong guesses and then refuses the right code', async () => {
      const caller = await signIn();
      const otp = await askNew(caller, other);
      for (let guess = 0; guess < 5; guess++)
        expect(told(await verifyNew(caller, other, otherThan(otp)))).toEqual([400, invalidOtp]);
      expect(told(await verifyNew(caller, other, otp))).toEqual([400, invalidOtp]);
      expect(await me(caller)).toMatchObject({ phone_number: phone });
    });

    it('takes the right code as the fifth guess, and once', async () => {
      const caller = await signIn();
      const otp = await askNew(caller, other);
      for (let guess = 0; guess < 4; guess++) await verifyNew(caller, other, otherThan(otp));
      expect((await verifyNew(caller, other, otp)).status).toBe(200);
      test.clock.advance(60);
      expect(told(await verifyNew(caller, other, otp))).toEqual([400, invalidOtp]);
    });

    it('takes no code for a sign-in, and a sign-in takes none for a change', async () => {
      const caller = await signIn();
      const change = await askNew(caller, other);
      test.clock.advance(60);
      const entry = await test.obtainOtp(other);
      expect(entry).not.toBe(change);
      expect((await verifyNew(caller, other, entry)).text).toBe(invalidOtp);
      expect((await test.verify(other, change)).text).toBe(invalidOtp);
      expect((await verifyNew(caller, other, change)).status).toBe(200);
      expect(read(await test.verify(other, entry))).toMatchObject({ new_member: false });
    });

    it('tells that the number is taken only for the right code, which is then used up', async () => {
      const [owner, caller] = [await signIn(other), await signIn()];
      const otp = await askNew(caller, other);
      expect(told(await verifyNew(caller, other, otherThan(otp)))).toEqual([400, invalidOtp]);
      expect(told(await verifyNew(caller, other, otp))).toEqual([
        400,
        '{"phone_number":["This phone number belongs to another account."]}',
      ]);
      expect(told(await verifyNew(caller, other, otp))).toEqual([400, invalidOtp]);
      expect([(await me(owner)).phone_number, (await me(caller)).phone_number]).toEqual([other, phone]);
    });

    it('is throttled inside the gap after a text to the new number, and for others while its code lives', async () => {
      const [neighbour, caller] = [await signIn(third), await signIn()];
      await askNew(caller, other);
      test.clock.advance(18);
      for (const [{ access }, seconds] of [
        [caller, 42],
        [neighbour, 282],
      ] as const) {
        const reply = await call('POST', 'me/phone-number/', access, { phone_number: other });
        const text = `{"detail":"Request was throttled. Expected available in ${seconds} seconds."}`;
        expect(told(reply)).toEqual([429, text]);
        expect(reply.headers['retry-after']).toBe(String(seconds));
      }
    });

    it.each(['+1 900 234 5678', '+800 1234 5678', '+870 773 111 632', '+255', ''])(
      'refuses %j and sends nothing',
      async (phoneNumber) => {
        const caller = await signIn();
        const reply = await call('POST', 'me/phone-number/', caller.access, { phone_number: phoneNumber });
        const fault = phoneNumber === '' ? 'This field may not be blank.' : 'Enter a valid phone number.';
        expect(told(reply)).toEqual([400, `{"phone_number":["${fault}"]}`]);
        await test.textsSent();
        expect(test.inbox.texts).toHaveLength(1);
      },
    );

    it('gives the number, of two accounts that use its code side by side, to the one that asked for it', async () => {
      const callers = [await signIn(third), await signIn()];
      const otp = await askNew(callers[0]!, other);
      const replies = await Promise.all(callers.map((caller) => verifyNew(caller, other, otp)));
      expect(replies.map(({ status }) => status)).toEqual([200, 400]);
      const accounts = await Promise.all(callers.map(me));
      expect(accounts.map(({ phone_number }) => phone_number)).toEqual([other, phone]);
    });

    it('leaves one account of the number when its owner signs in beside the change', async () => {
      const caller = await signIn();
      const change = await askNew(caller, other);
      test.clock.advance(60);
      const entry = await test.obtainOtp(other);
      const [changed, entered] = await Promise.all([verifyNew(caller, other, change), test.verify(other, entry)]);
      expect(entered.status).toBe(200);
      expect(changed.status).toBe(read<SignIn>(entered).new_member ? 400 : 200);
      expect(await test.dataSource.query(`SELECT id FROM account WHERE phone_number = '${other}'`)).toHaveLength(1);
    });
  });

  describe('its sessions', () => {
    it('are listed newest first, with the one that asks marked', async () => {
      const elsewhere = await signIn(phone, { 'User-Agent': 'Mozilla/5.0 (Android 14)' });
      const madeElsewhere = now();
      const expiresElsewhere = after(2_592_000);
      const caller = await signIn();
      const made = now();
      test.clock.advance(9);
      const { access } = read<SignIn>(await refresh(caller.refresh));

      const reply = await call('GET', 'sessions/', access);
      expect(reply.status).toBe(200);
      expect(reply.text).toBe(
        JSON.stringify([
          {
            id: sid(caller),
            created_at: made,
            last_used_at: now(),
            expires_at: after(2_592_000).replace('Z', '000Z'),
            ip: '127.0.0.0',
            user_agent: '',
            current: true,
          },
          {
            id: sid(elsewhere),
            created_at: madeElsewhere,
            last_used_at: madeElsewhere,
            expires_at: expiresElsewhere.replace('Z', '000Z'),
            ip: '127.0.0.0',
            user_agent: 'Mozilla/5.0 (Android 14)',
            current: false,
          },
        ]),
      );
    });

    it.each([
      ['203.0.113.77', '203.0.113.0'],
      ['198.51.100.1, 203.0.113.255', '203.0.113.0'],
      ['::ffff:203.0.113.77', '203.0.113.0'],
      ['2001:db8:abcd:12:ffff::7', '2001:db8:abcd::'],
      ['not an address', ''],
    ])('keep of the address %s no more than %j', async (address, network) => {
      const caller = await signIn(phone, { 'X-Forwarded-For': address });
      expect((await sessions(caller)).map(({ ip }) => ip)).toEqual([network]);
      expect(await events(caller)).toMatchObject([{ ip: network }]);
    });

    it('keep 200 characters of what the client calls itself', async () => {
      const caller = await signIn(phone, { 'User-Agent': `${'x'.repeat(199)}yz` });
      expect((await sessions(caller))[0]!.user_agent).toBe(`${'x'.repeat(199)}y`);
    });

    it('are closed one by one, once', async () => {
      const [elsewhere, third, caller] = [await signIn(), await signIn(), await signIn()];
      expect(told(await call('DELETE', `sessions/${sid(elsewhere)}/`, caller.access))).toEqual([204, '']);
      expect((await refresh(elsewhere.refresh)).status).toBe(401);
      expect([await isAlive(elsewhere), await isAlive(third), await isAlive(caller)]).toEqual([false, true, true]);
      expect((await sessions(caller)).map(({ id }) => id)).toEqual([sid(caller), sid(third)]);
      expect(told(await call('DELETE', `sessions/${sid(elsewhere)}/`, caller.access))).toEqual([404, notFound]);
    });

    it('may close the one that asks', async () => {
      const caller = await signIn();
      expect((await call('DELETE', `sessions/${sid(caller)}/`, caller.access)).status).toBe(204);
      expect([await isAlive(caller), (await refresh(caller.refresh)).status]).toEqual([false, 401]);
    });

    it('of another account are none, and live on', async () => {
      const [neighbour, caller] = [await signIn(other), await signIn()];
      for (const id of [
        sid(neighbour),
        nobody,
        sid(caller).toUpperCase(),
        'x',
        '%00',
        '%27%20OR%201=1',
        '%E2%82%AC',
        'x'.repeat(129),
      ])
        expect([id, ...told(await call('DELETE', `sessions/${id}/`, caller.access))]).toEqual([id, 404, notFound]);
      expect([await isAlive(neighbour), (await refresh(neighbour.refresh)).status]).toEqual([true, 200]);
      expect(await isAlive(caller)).toBe(true);
      expect((await sessions(caller)).map(({ id }) => id)).toEqual([sid(caller)]);
      expect((await events(neighbour)).map(({ kind }) => kind)).toEqual(['signed_in']);
    });

    it('are all closed but the one that asks', async () => {
      const [neighbour, first, second, caller] = [await signIn(other), await signIn(), await signIn(), await signIn()];
      expect(told(await call('DELETE', 'sessions/', caller.access))).toEqual([204, '']);
      const alive = await Promise.all([neighbour, first, second, caller].map(isAlive));
      expect(alive).toEqual([true, false, false, true]);
      expect((await refresh(second.refresh)).status).toBe(401);
      expect((await sessions(caller)).map(({ current }) => current)).toEqual([true]);
      expect(told(await call('DELETE', 'sessions/', caller.access))).toEqual([204, '']);
    });
  });

  describe('its events', () => {
    it('tell what happened, newest first and exactly once', async () => {
      const caller = await signIn(phone, { 'User-Agent': 'Browser', 'X-Forwarded-For': '203.0.113.77' });
      const at = now();
      const left = await signIn();
      await test.post('/api/account/token/blacklist/', { refresh: left.refresh });
      await test.post('/api/account/token/blacklist/', { refresh: left.refresh });
      const closed = await signIn();
      await call('DELETE', `sessions/${sid(closed)}/`, caller.access);
      const stolen = await signIn();
      await refresh(read<SignIn>(await refresh(stolen.refresh)).refresh);
      for (let again = 0; again < 2; again++) expect((await refresh(stolen.refresh)).status).toBe(401);
      test.clock.advance(1);
      await verifyNew(caller, other, await askNew(caller, other));

      // Two events of one moment have no order; where that is so they are compared as a set.
      const listed = await events(caller);
      expect(listed.map(({ at: time }) => time)).toEqual(
        listed
          .map(({ at: time }) => time)
          .toSorted()
          .reverse(),
      );
      expect(listed.map(({ kind, session_id }) => `${kind} ${session_id}`).toSorted()).toEqual(
        [
          `phone_number_changed ${sid(caller)}`,
          `refresh_token_reused ${sid(stolen)}`,
          `signed_in ${sid(stolen)}`,
          `session_closed ${sid(closed)}`,
          `signed_in ${sid(closed)}`,
          `signed_out ${sid(left)}`,
          `signed_in ${sid(left)}`,
          `signed_in ${sid(caller)}`,
        ].toSorted(),
      );
      expect(listed[0]!.kind).toBe('phone_number_changed');
      expect(listed.at(-1)).toEqual({
        id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        kind: 'signed_in',
        at,
        session_id: sid(caller),
        ip: '203.0.113.0',
        user_agent: 'Browser',
      });
    });

    it('tell of every session that a change of number closes', async () => {
      const [elsewhere, caller] = [await signIn(), await signIn()];
      const otp = await askNew(caller, other);
      test.clock.advance(1);
      await verifyNew(caller, other, otp);
      const newest = (await events(caller)).slice(0, 2);
      expect(newest.map(({ kind, session_id }) => `${kind} ${session_id}`).toSorted()).toEqual([
        `phone_number_changed ${sid(caller)}`,
        `session_closed ${sid(elsewhere)}`,
      ]);
    });

    it('come in pages of 20, with absolute addresses of the pages beside', async () => {
      const caller = await signIn();
      await signIn(other);
      const { id: accountId } = await me(caller);
      for (let made = 1; made < 45; made++) {
        test.clock.advance(1);
        await test.app
          .get(TransactionRunner)
          .run((transaction) =>
            test.app.get(AuthEvents).record(transaction, { kind: 'signed_out', accountId: accountId! }),
          );
      }

      const base = `${test.url}/api/account/events/`;
      const page = async (query: string) => {
        const reply = await call('GET', `events/${query}`, caller.access);
        expect(Object.keys(read<Page>(reply))).toEqual(['count', 'next', 'previous', 'results']);
        return read<Page>(reply);
      };
      const pages = [await page(''), await page('?page=2'), await page('?page=3')];
      expect(await page('?page=1')).toEqual(pages[0]);
      expect(pages.map(({ count, next, previous, results }) => [count, next, previous, results.length])).toEqual([
        [45, `${base}?page=2`, null, 20],
        [45, `${base}?page=3`, base, 20],
        [45, null, `${base}?page=2`, 5],
      ]);
      const times = pages.flatMap(({ results }) => results.map(({ at }) => at));
      expect(times).toEqual([...new Set(times)].toSorted().reverse());
      expect(times[0]).toBe(now());

      for (const bad of ['0', '-1', 'abc', '4', '1.5', '99999999999999999999'])
        expect([bad, ...told(await call('GET', `events/?page=${bad}`, caller.access))]).toEqual([
          bad,
          404,
          '{"detail":"Invalid page."}',
        ]);
      // As REST framework reads it.
      for (const third of ['?page=last', '?page=2&page=3'])
        expect([third, await page(third)]).toEqual([third, pages[2]]);
      const { results } = read<Page>(await call('GET', 'events/', (await signIn(other)).access));
      expect(results.map(({ kind }) => kind)).toEqual(['signed_in', 'signed_in']);
    });
  });
});

describe('the order of refusals of a route behind a token', () => {
  beforeAll(async () => void (test = await TestApp.start(sqlite, { THROTTLE_LIMIT: '1' })));
  afterAll(() => test.stop());

  const statuses = async (...calls: Promise<HttpReply>[]) => (await Promise.all(calls)).map(({ status }) => status);
  const html = { Accept: 'text/html' };

  it('is 406, 401, 429, 405', async () => {
    await test.requestOtp(phone);
    const otp = await test.lastCode(phone);
    test.clock.advance(60);
    const { access } = read<SignIn>(await test.verify(phone, otp));

    expect(await statuses(call('GET', 'me/', access, undefined, html))).toEqual([406]);
    expect(await statuses(call('GET', 'me/', undefined, undefined, html))).toEqual([406]);
    expect(await statuses(call('GET', 'me/'), call('GET', 'me/', 'x'), call('GET', 'me/', access))).toEqual([
      401, 401, 429,
    ]);
    test.clock.advance(60);
    expect(await statuses(call('GET', 'me/'), call('GET', 'me/', 'x'))).toEqual([401, 401]);
    expect(await statuses(call('GET', 'me/', access))).toEqual([200]);
    expect(await statuses(call('PUT', 'me/', access), call('PUT', 'me/'))).toEqual([429, 401]);
    test.clock.advance(60);
    const reply = await call('PUT', 'me/', access);
    expect(told(reply)).toEqual([405, '{"detail":"Method \\"PUT\\" not allowed."}']);
    expect(reply.headers.allow).toBe('GET, PATCH, DELETE, HEAD, OPTIONS');
  });

  it.each([
    ['PUT', 'me/'],
    ['POST', 'me/'],
    ['GET', 'me/phone-number/'],
    ['GET', 'me/phone-number/verify/'],
    ['POST', 'sessions/'],
    ['GET', `sessions/${nobody}/`],
    ['DELETE', 'events/'],
    ['OPTIONS', 'events'],
  ])('is 401 before 405 also for %s %s', async (method, path) => {
    test.clock.advance(60);
    const reply = await call(method, path);
    expect(told(reply)).toEqual([401, notAuthenticated]);
    expect(reply.headers['www-authenticate']).toBe('Bearer realm="api"');
  });
});
