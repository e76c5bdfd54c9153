import { createHmac, type KeyObject } from 'node:crypto';
import { IsNull } from 'typeorm';
import { Account } from '../src/account/account.entity';
import { AuthEvent } from '../src/event/auth-event.entity';
import { KeyRing } from '../src/key/key-ring';
import { Session } from '../src/session/session.entity';
import { Transaction } from '../src/transaction/transaction';
import { databases } from './support/databases';
import { secrets } from './support/environment';
import { verifyPath, type HttpReply } from './support/http-client';
import { TestApp } from './support/test-app';

const phone = '+255679190720';
const minute = 60;
const hour = 60 * minute;
const day = 86_400;
const importSecret = 'kT4vYb8NqWz2XsGm6RjHc9PfLd3UaEo7Ii5OwBxV';

interface Pair {
  access: string;
  refresh: string;
}

const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Record<string, unknown>;

/** A token as another issuer makes it. */
function signed(secret: string | KeyObject, claims: object): string {
  const parts = [{ alg: 'HS256', typ: 'JWT' }, claims];
  const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

const required = ['This field is required.'];
const notNull = ['This field may not be null.'];
const notBlank = ['This field may not be blank.'];
const noText = ['Not a valid string.'];

describe.each(databases)('sessions on $name', (database) => {
  let test: TestApp;
  beforeAll(async () => {
    test = await TestApp.start(database, { TRUSTED_PROXIES: '127.0.0.1/32', SIMPLEJWT_SECRET: importSecret });
  });
  beforeEach(() => test.reset());
  afterAll(() => test.stop());

  const token = (name: string, body: unknown, headers?: Record<string, string>) =>
    test.post(`/api/account/token/${name}/`, body, headers);
  const refresh = (refresh: string, headers?: Record<string, string>) => token('refresh', { refresh }, headers);
  const verify = (it: string) => token('verify', { token: it });
  const blacklist = (refresh: string) => token('blacklist', { refresh });
  const bearer = (method: string, access: string, path = 'me/', headers = {}) =>
    test.send({ method, path: `/api/account/${path}`, headers: { Authorization: `Bearer ${access}`, ...headers } });
  const me = (access: string) => bearer('GET', access);
  const sessions = () => test.dataSource.getRepository(Session);
  const session = () => sessions().findOneByOrFail({});
  /** Beside signing in. */
  const events = async () => {
    const all = await test.dataSource.getRepository(AuthEvent).find();
    return all.map(({ kind }) => kind).filter((kind) => kind !== 'signed_in');
  };

  async function signIn(
    headers: Record<string, string> = {},
    phone_number = phone,
  ): Promise<Pair & { new_member: boolean }> {
    test.clock.advance(minute);
    const body = { phone_number, otp: await test.obtainOtp(phone_number) };
    return JSON.parse((await test.post(verifyPath, body, headers)).text) as Pair & { new_member: boolean };
  }

  async function rotated(from: string): Promise<Pair> {
    const reply = await refresh(from);
    expect(reply.status).toBe(200);
    return JSON.parse(reply.text) as Pair;
  }

  /** Sign-in, then two rotations. */
  async function threeGenerations(): Promise<[Pair, Pair, Pair]> {
    const first = await signIn();
    const second = await rotated(first.refresh);
    return [first, second, await rotated(second.refresh)];
  }

  function expectOk({ status, text, headers }: HttpReply): void {
    expect([status, text, headers['content-type']]).toEqual([200, '{}', 'application/json']);
    expect(headers['cache-control']).toBe('no-store');
  }

  function expectNotValid({ status, text, headers }: HttpReply): void {
    expect([status, text]).toEqual([401, '{"detail":"Token is invalid or expired","code":"token_not_valid"}']);
    expect(headers).toMatchObject({ 'www-authenticate': 'Bearer realm="api"', 'cache-control': 'no-store' });
  }

  function expectAccessRefused({ status, text, headers }: HttpReply): void {
    const why = '"token_class":"AccessToken","token_type":"access","message":"Token is invalid or expired"';
    const body = `{"detail":"Given token not valid for any token type","code":"token_not_valid","messages":[{${why}}]}`;
    expect([status, text, headers['www-authenticate']]).toEqual([401, body, 'Bearer realm="api"']);
  }

  async function expectDead({ access, refresh: newest }: Pair): Promise<void> {
    expectAccessRefused(await me(access));
    for (const it of [access, newest]) expectNotValid(await verify(it));
    expectNotValid(await refresh(newest));
  }

  describe.each([
    ['refresh', 'refresh'],
    ['verify', 'token'],
    ['blacklist', 'refresh'],
  ])('token/%s/', (route, field) => {
    it.each([
      ['no field', {}, { [field]: required }],
      ['null', { [field]: null }, { [field]: notNull }],
      ['an empty string', { [field]: '' }, { [field]: notBlank }],
      ['white space', { [field]: ' \u0085' }, { [field]: notBlank }],
      ['a boolean', { [field]: true }, { [field]: noText }],
      ['a list', { [field]: ['x'] }, { [field]: noText }],
      ['NUL', { [field]: 'a\0b' }, { [field]: ['Null characters are not allowed.'] }],
      ['a body of null', null, { non_field_errors: ['No data provided'] }],
      ['a list as body', [], { non_field_errors: ['Invalid data. Expected a dictionary, but got list.'] }],
    ])('answers 400 as REST framework does: %s', async (_name, body, faults) => {
      const { status, text } = await token(route, body);
      expect([status, text]).toEqual([400, JSON.stringify(faults)]);
    });

    it('answers 401 to what was never a token of ours', async () => {
      const { refresh: ours } = await signIn();
      const [header, payload, signature] = ours.split('.') as [string, string, string];
      const changed = Buffer.from(JSON.stringify({ ...claimsOf(ours), jti: '0'.repeat(32) })).toString('base64url');
      const unsigned = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
      const foreign = [
        ...[12, 'x', 'a.b.c', `${unsigned}.${payload}.`, `${header}.${changed}.${signature}`, `${ours}=`],
        ...['another secret of the same length as ours', importSecret].map((it) => signed(it, claimsOf(ours))),
      ];
      for (const it of foreign) expectNotValid(await token(route, { [field]: it }));
      expect(await events()).toEqual([]);
      expectOk(await verify(ours));
    });
  });

  describe('refresh', () => {
    it('answers a new pair, access first', async () => {
      const { status, text, headers } = await refresh((await signIn()).refresh);
      expect(status).toBe(200);
      expect(headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' });
      expect(text).toMatch(/^\{"access":"eyJ[\w-]+\.[\w-]+\.[\w-]+","refresh":"eyJ[\w-]+\.[\w-]+\.[\w-]+"\}$/);
    });

    it('rotates at each use: six uses, six tokens, each good for the next, in one row', async () => {
      const pairs: Pair[] = [await signIn()];
      for (let use = 0; use < 6; use += 1) pairs.push(await rotated(pairs.at(-1)!.refresh));

      const all = pairs.flatMap((pair) => [claimsOf(pair.access).jti, claimsOf(pair.refresh).jti]);
      expect(new Set(all).size).toBe(14);
      expect(await sessions().count()).toBe(1);
      expect(await session()).toMatchObject({ refreshJti: all[13], previousJti: all[11], revokedAt: null });
    });

    it('keeps account and session, and renews times and ids', async () => {
      const before = await signIn();
      test.clock.advance(day);
      const after = await rotated(before.refresh);

      const issuedAt = Math.floor(test.clock.now().getTime() / 1000);
      const { user_id, sub, sid } = claimsOf(before.access);
      const jti = expect.stringMatching(/^[0-9a-f]{32}$/) as string;
      const kept = { user_id, sub, sid, jti, iat: issuedAt };
      expect(claimsOf(after.access)).toEqual({ ...kept, token_type: 'access', exp: issuedAt + 600 });
      expect(claimsOf(after.refresh)).toEqual({ ...kept, token_type: 'refresh', exp: issuedAt + 30 * day });
      expect((await me(after.access)).status).toBe(200);
    });

    it('notes the network and the client that it was last used from', async () => {
      const from = (ip: string, userAgent: string) => ({ 'X-Forwarded-For': ip, 'User-Agent': userAgent });
      const { refresh: first } = await signIn(from('203.0.113.9', 'First/1.0'));
      expect(await session()).toMatchObject({ ip: '203.0.113.0', userAgent: 'First/1.0' });

      await refresh(first, from('2001:db8:7:8::9', 'Second/2.0'));
      expect(await session()).toMatchObject({ ip: '2001:db8:7::', userAgent: 'Second/2.0' });
    });

    it('answers the token before the current one with the same successor, to the byte, until that is used', async () => {
      const { refresh: first } = await signIn();
      const { refresh: successor } = await rotated(first);
      for (const seconds of [0, 9.999, 0.001, 0.3, 5 * minute, day, 25 * day]) {
        test.clock.advance(seconds);
        expectOk(await verify(first));
        const again = await rotated(first);
        expect(again.refresh).toBe(successor);
        expect((await me(again.access)).status).toBe(200);
      }
      expect(await session()).toMatchObject({ refreshJti: claimsOf(successor).jti, revokedAt: null });
      expect(await events()).toEqual([]);
      await rotated(successor);
    });

    it('does not lengthen a session by answering the token before the current one', async () => {
      const { refresh: first } = await signIn();
      test.clock.advance(29 * day);
      const { refresh: successor } = await rotated(first);
      const { expiresAt } = await session();
      test.clock.advance(day - minute - 1);
      expect((await rotated(first)).refresh).toBe(successor);
      expect((await session()).expiresAt).toEqual(expiresAt);
      test.clock.advance(minute + 1);
      expectNotValid(await refresh(first));
      await rotated(successor);
      expect(await events()).toEqual([]);
    });

    it.each([0, 9, 11, day])('takes a token for stolen %s s after its successor was used', async (seconds) => {
      const { refresh: first } = await signIn();
      const second = await rotated(first);
      test.clock.advance(hour);
      expect((await rotated(first)).refresh).toBe(second.refresh);
      const third = await rotated(second.refresh);
      test.clock.advance(seconds);

      expectNotValid(await refresh(first));
      await expectDead(third);
      expect(await session()).toMatchObject({ revokedAt: test.clock.now(), revokedWhy: 'refresh_token_reused' });
      expect(await events()).toEqual(['refresh_token_reused']);
    });

    it('refuses a token that is newer than the database, which was restored, and takes it for no theft', async () => {
      const { refresh: first } = await signIn();
      test.clock.advance(1);
      const backup = await rotated(first);
      const row = await session();
      test.clock.advance(hour);
      const lost = await rotated(backup.refresh);
      const newest = await rotated(lost.refresh);
      await sessions().save(row);
      // A node that forgets what it knew: it started after the restore.
      test.clock.advance(5);

      for (const it of [newest, lost]) {
        expectNotValid(await refresh(it.refresh));
        expectNotValid(await verify(it.refresh));
        expect((await me(it.access)).status).toBe(200);
      }
      expect(await events()).toEqual([]);
      expect((await rotated(first)).refresh).toBe(backup.refresh);
      await rotated(backup.refresh);
      expectNotValid(await refresh(first));
      expect(await events()).toEqual(['refresh_token_reused']);
    });

    it('refuses all tokens of a session that the database does not know, and says no more', async () => {
      const pair = await signIn();
      await sessions().deleteAll();
      await expectDead(pair);
      expect(await events()).toEqual([]);
    });

    it('signs the session out by a token that is newer than the database', async () => {
      const pair = await signIn();
      const row = await session();
      test.clock.advance(1);
      const { refresh: newer } = await rotated(pair.refresh);
      await sessions().save(row);
      expectOk(await blacklist(newer));
      await expectDead(pair);
      expect(await events()).toEqual(['signed_out']);
    });

    it('takes the grandparent for stolen at once, and closes the session', async () => {
      const [first, second, third] = await threeGenerations();
      expect((await me(third.access)).status).toBe(200);

      expectNotValid(await refresh(first.refresh));
      for (const pair of [third, second, first]) await expectDead(pair);
      const stolen = await test.dataSource.getRepository(AuthEvent).findBy({ kind: 'refresh_token_reused' });
      const { sub, sid } = claimsOf(first.refresh);
      expect(stolen).toMatchObject([{ accountId: sub, sessionId: sid, at: test.clock.now() }]);
    });

    it('closes no other session of the account for a stolen token', async () => {
      const other = await signIn();
      const [first] = await threeGenerations();
      expectNotValid(await refresh(first.refresh));
      expect((await me(other.access)).status).toBe(200);
      await rotated(other.refresh);
    });

    it('ends after 30 days without use', async () => {
      const first = await signIn();
      test.clock.advance(30 * day - minute);
      const { refresh: second } = await rotated(first.refresh);
      test.clock.advance(30 * day - minute);
      const { refresh: third } = await rotated(second);
      test.clock.advance(30 * day);
      expectNotValid(await refresh(third));
      expectNotValid(await verify(third));
      expect(await events()).toEqual([]);
    });

    it('ends after 90 days however often it is used, and its tokens say so', async () => {
      let { refresh: newest } = await signIn();
      const start = Math.floor(test.clock.now().getTime() / 1000);
      const end = 90 * day;
      for (const [wait, exp] of [
        [29 * day, 59 * day],
        [29 * day, 88 * day],
        [2 * day, end],
        [27 * day, end],
        [3 * day - minute, end],
      ] as const) {
        test.clock.advance(wait);
        newest = (await rotated(newest)).refresh;
        expect(Number(claimsOf(newest).exp) - start).toBe(exp);
      }
      test.clock.advance(minute);
      expectNotValid(await refresh(newest));
    });

    it("goes by the session's end in the database, whatever the token says", async () => {
      const { refresh: first } = await signIn();
      await sessions().updateAll({ expiresAt: test.clock.now() });
      expectNotValid(await refresh(first));
      expectNotValid(await verify(first));
    });
  });

  describe('verify', () => {
    it('answers 200 to what could be used now: access, current refresh token, the one before', async () => {
      const first = await signIn();
      const second = await rotated(first.refresh);
      test.clock.advance(9.999);
      for (const it of [first.access, second.access, second.refresh, first.refresh]) expectOk(await verify(it));
    });

    it('refuses older refresh tokens, and closes nothing', async () => {
      const [first, second, third] = await threeGenerations();
      expectNotValid(await verify(first.refresh));
      test.clock.advance(10);
      expectNotValid(await verify(first.refresh));
      for (const it of [second.refresh, third.refresh, third.access]) expectOk(await verify(it));
      expect(await session()).toMatchObject({ revokedAt: null });
      expect(await events()).toEqual([]);
    });

    it('refuses an access token after 600 s', async () => {
      const { access } = await signIn();
      test.clock.advance(599);
      expectOk(await verify(access));
      test.clock.advance(1);
      expectNotValid(await verify(access));
      expectAccessRefused(await me(access));
    });
  });

  describe('blacklist', () => {
    it('ends the session: its access token, remembered as live, is refused at once', async () => {
      const other = await signIn();
      const pair = await signIn();
      expect((await me(pair.access)).status).toBe(200);

      expectOk(await blacklist(pair.refresh));
      await expectDead(pair);
      expect((await me(other.access)).status).toBe(200);
      expectOk(await verify(other.refresh));
    });

    it('is 200 again and again, and one event', async () => {
      const { refresh: ours } = await signIn();
      for (let time = 0; time < 3; time += 1) expectOk(await blacklist(ours));
      expect(await events()).toEqual(['signed_out']);
      expect(await session()).toMatchObject({ revokedWhy: 'signed_out' });
    });

    it('takes any refresh token of the session, the oldest too', async () => {
      const [first, , third] = await threeGenerations();
      expectOk(await blacklist(first.refresh));
      await expectDead(third);
      expect(await events()).toEqual(['signed_out']);
    });

    it('takes an expired refresh token: of a session that lives on, and of one that is over', async () => {
      const first = await signIn();
      test.clock.advance(20 * day);
      const second = await rotated(first.refresh);
      test.clock.advance(20 * day);
      expectOk(await verify(second.refresh));
      expectOk(await blacklist(first.refresh));
      await expectDead(second);
      test.clock.advance(31 * day);
      expectOk(await blacklist(second.refresh));
    });
  });

  it.each(['refresh', 'blacklist'])('refuse an access token at token/%s/, and live on', async (route) => {
    const { access, refresh: ours } = await signIn();
    expectNotValid(await token(route, { refresh: access }));
    expectOk(await verify(ours));
    expect((await me(access)).status).toBe(200);
  });

  it('refuse a refresh token as bearer', async () => {
    expectAccessRefused(await me((await signIn()).refresh));
  });

  it('are not renewed, ended or entered by a refresh token that the key for access tokens signed', async () => {
    const { access, refresh: ours } = await signIn();
    expect((await me(signed(secrets.JWT_SECRET, claimsOf(access)))).status).toBe(200);
    const forged = signed(secrets.JWT_SECRET, claimsOf(ours));
    for (const reply of [await refresh(forged), await blacklist(forged), await verify(forged)]) expectNotValid(reply);
    expectAccessRefused(await me(forged));
    expectOk(await verify(ours));
  });

  it('are at most 10 an account: the oldest makes room', async () => {
    const pairs: Pair[] = [];
    for (let count = 0; count < 12; count += 1) pairs.push(await signIn());

    const statuses = [];
    for (const { refresh: it } of pairs) statuses.push((await verify(it)).status);
    expect(statuses).toEqual([401, 401, ...Array<number>(10).fill(200)]);
    expect((await sessions().findBy({ revokedWhy: 'too_many' })).map(({ id }) => id).sort()).toEqual(
      pairs.slice(0, 2).map(({ refresh: it }) => claimsOf(it).sid),
    );
  });

  it('are exactly 10 after 30 parallel sign-ins of one account', async () => {
    const { access } = await signIn();
    // One code is one sign-in; tokens of the stack left behind open sessions of one account side by side.
    await test.dataSource.getRepository(Account).updateAll({ importedUserId: '7' });
    test.clock.advance(1);
    const { iat } = claimsOf(access);
    const claims = { token_type: 'refresh', iat, exp: Number(iat) + day, user_id: 7 };
    const replies = await Promise.all(
      Array.from({ length: 30 }, (_, index) => refresh(signed(importSecret, { ...claims, jti: `old-${index}` }))),
    );

    expect(replies.map(({ status }) => status)).toEqual(Array(30).fill(200));
    expect(await sessions().countBy({ revokedAt: IsNull() })).toBe(10);
    expect(await sessions().countBy({ revokedWhy: 'too_many' })).toBe(21);
    expectAccessRefused(await me(access));
  });

  it('that are closed elsewhere are refused within 5 s, and until then not asked for again', async () => {
    const { access } = await signIn();
    expect((await me(access)).status).toBe(200);
    await sessions().updateAll({ revokedAt: test.clock.now() });

    test.clock.advance(3);
    expect((await me(access)).status).toBe(200);
    test.clock.advance(2);
    expectAccessRefused(await me(access));
  });

  it('that a node asks for too early are not refused for good', async () => {
    const { access, refresh: ours } = await signIn();
    const row = await session();
    await sessions().deleteAll();
    for (let time = 0; time < 2; time += 1) {
      expectAccessRefused(await me(access));
      expectNotValid(await verify(access));
    }
    await sessions().save(row);
    expect((await me(access)).status).toBe(200);
    for (const it of [access, ours]) expectOk(await verify(it));
  });

  it('whose end was seen are not asked for again', async () => {
    const { access } = await signIn();
    await sessions().updateAll({ revokedAt: test.clock.now() });
    expectAccessRefused(await me(access));
    await sessions().updateAll({ revokedAt: null });
    expectAccessRefused(await me(access));
  });

  it('that look expired are asked for again, and end to the second while they are remembered', async () => {
    const { access } = await signIn();
    const { expiresAt } = await session();
    await sessions().updateAll({ expiresAt: new Date(test.clock.now().getTime() + 2_000) });
    expect((await me(access)).status).toBe(200);
    test.clock.advance(2);
    expectAccessRefused(await me(access));
    await sessions().updateAll({ expiresAt });
    expect((await me(access)).status).toBe(200);
  });

  describe('that are not of the account in the token', () => {
    const other = '+255679190721';
    const key = new KeyRing([secrets.SECRET_KEY], 'refresh-token').newest.key;

    /** The victim's pair, the attacker's, and the attacker's session under the victim's name. */
    async function forgery(): Promise<{ victim: Pair; own: Pair; forged: Pair }> {
      const victim = await signIn();
      const own = await signIn({}, other);
      const { sub, user_id } = claimsOf(victim.access);
      const under = (it: string, secret: string | KeyObject) => signed(secret, { ...claimsOf(it), sub, user_id });
      return {
        victim,
        own,
        forged: { access: under(own.access, secrets.JWT_SECRET), refresh: under(own.refresh, key) },
      };
    }

    it.each(['before', 'after'])('open nothing with an access token, %s the session was used', async (when) => {
      const { victim, own, forged } = await forgery();
      if (when === 'after') for (const it of [victim, own]) expect((await me(it.access)).status).toBe(200);
      for (const [method, path] of [
        ['GET', 'me/'],
        ['PATCH', 'me/'],
        ['DELETE', 'me/'],
        ['POST', 'me/phone-number/'],
        ['GET', 'sessions/'],
        ['DELETE', 'sessions/'],
        ['DELETE', `sessions/${String(claimsOf(victim.access).sid)}/`],
        ['GET', 'events/'],
      ] as const)
        expectAccessRefused(await bearer(method, forged.access, path));
      expectNotValid(await verify(forged.access));
      for (const it of [victim, own]) expect((await me(it.access)).status).toBe(200);
      expect(await events()).toEqual([]);
    });

    it('are neither renewed, closed, signed out nor known by a refresh token', async () => {
      const { own, forged } = await forgery();
      expectNotValid(await verify(forged.refresh));
      expectNotValid(await refresh(forged.refresh));
      const old = { ...claimsOf(forged.refresh), jti: '0'.repeat(32) };
      expectNotValid(await refresh(signed(key, old)));
      await blacklist(forged.refresh);
      expect(await events()).toEqual([]);
      const { sid: id, jti: refreshJti } = claimsOf(own.refresh);
      expect(await sessions().findOneBy({ id: String(id) })).toMatchObject({ refreshJti, revokedAt: null });
      expect((await me(own.access)).status).toBe(200);
      await rotated(own.refresh);
    });

    it.each([
      ['blanks behind an id', (id: string) => `${id} `],
      ['letters beyond ASCII', () => 'é'],
      ['an id of any other form', () => '7'],
    ])('are refused by form: %s', async (_name, change) => {
      const { access } = await signIn();
      const claims = claimsOf(access);
      for (const name of ['sid', 'sub']) {
        const forged = signed(secrets.JWT_SECRET, { ...claims, [name]: change(String(claims[name])) });
        expectAccessRefused(await me(forged));
        expectNotValid(await verify(forged));
      }
    });
  });

  describe('closed by another node, and here still taken for live', () => {
    let pair: Pair;
    let caller: Pair;
    beforeEach(async () => {
      caller = await signIn();
      pair = await signIn();
      for (const { access } of [caller, pair]) expect((await me(access)).status).toBe(200);
      await sessions().update({ id: String(claimsOf(pair.access).sid) }, { revokedAt: test.clock.now() });
      expect((await me(pair.access)).status).toBe(200);
    });

    it.each<[string, number, () => Promise<HttpReply>]>([
      ['a sign-out that is repeated', 200, () => blacklist(pair.refresh)],
      ['a refresh', 401, () => refresh(pair.refresh)],
      [
        'closing that session',
        404,
        () => bearer('DELETE', caller.access, `sessions/${String(claimsOf(pair.access).sid)}/`),
      ],
      ['closing all others', 204, () => bearer('DELETE', caller.access, 'sessions/')],
    ])('are refused here at once after %s', async (_name, status, request) => {
      expect((await request()).status).toBe(status);
      expectAccessRefused(await me(pair.access));
      expect((await me(caller.access)).status).toBe(200);
      expect(await events()).toEqual([]);
    });
  });

  it('that are missing in the database end here with a sign-out', async () => {
    const { access, refresh: ours } = await signIn();
    const row = await session();
    await sessions().deleteAll();
    expectOk(await blacklist(ours));
    await sessions().save(row);
    expectAccessRefused(await me(access));
    expectOk(await blacklist(ours));
    expect(await events()).toEqual(['signed_out']);
  });

  describe('on a node that lags behind, whose update finds nothing', () => {
    let caller: Pair;
    let pair: Pair;
    beforeEach(async () => {
      caller = await signIn();
      pair = await signIn();
      const execute = Reflect.get<Transaction, 'execute'>(Transaction.prototype, 'execute');
      jest.spyOn(Transaction.prototype, 'execute').mockImplementation(function (this: Transaction, sql, values) {
        return sql.startsWith('UPDATE session SET revoked_at')
          ? Promise.resolve({ affected: 0, rows: [] })
          : execute.call(this, sql, values);
      });
    });
    afterEach(() => jest.restoreAllMocks());

    it.each<[string, () => Promise<HttpReply>]>([
      ['a sign-out', () => blacklist(pair.refresh)],
      ['closing one', () => bearer('DELETE', caller.access, `sessions/${String(claimsOf(pair.access).sid)}/`)],
      ['closing all others', () => bearer('DELETE', caller.access, 'sessions/')],
    ])('are not said to be over: %s', async (_name, request) => {
      const { status, headers } = await request();
      expect([status, headers['retry-after']]).toEqual([503, expect.stringMatching(/^\d+$/)]);
      expect((await me(pair.access)).status).toBe(200);
      jest.restoreAllMocks();
      expect((await request()).status).toBeLessThan(300);
      await expectDead(pair);
    });
  });

  it('note in their events, and in the log, the network and the client that ended them', async () => {
    const from = { 'X-Forwarded-For': '198.51.100.77', 'User-Agent': 'Thief/1.0' };
    const [stolen, , third] = await threeGenerations();
    const { sub: accountId, sid: sessionId } = claimsOf(third.access);
    expectNotValid(await refresh(stolen.refresh, from));
    const left = await signIn();
    expectOk(await token('blacklist', { refresh: left.refresh }, from));
    const [caller, closed, other] = [await signIn(), await signIn(), await signIn()];
    await bearer('DELETE', caller.access, `sessions/${String(claimsOf(closed.access).sid)}/`, from);
    await bearer('DELETE', caller.access, 'sessions/', from);

    const kinds = ['refresh_token_reused', 'signed_out', 'session_closed', 'session_closed'];
    const ids = [third, left, closed, other].map(({ access }) => claimsOf(access).sid);
    const found = await test.dataSource.getRepository(AuthEvent).find({ order: { id: 'ASC' } });
    expect(found.filter(({ kind }) => kind !== 'signed_in')).toMatchObject(
      kinds.map((kind, index) => ({ kind, sessionId: ids[index], ip: '198.51.100.0', userAgent: 'Thief/1.0' })),
    );
    const lines = test.logged.filter((line) => line.includes('"msg":"refresh_token_reused"'));
    expect(JSON.parse(lines.at(-1)!)).toEqual({
      ...{ level: 30, service: 'hodi', pid: process.pid, time: expect.any(String) as string },
      ...{ accountId, sessionId, phone: null, network: '198.51.100.0', outcome: 'session_closed' },
      msg: 'refresh_token_reused',
    });
  });

  it('are dead with their account, and the number is free again', async () => {
    const other = await signIn();
    const [, , pair] = await threeGenerations();
    for (const { access } of [other, pair]) expect((await me(access)).status).toBe(200);

    expect(await bearer('DELETE', pair.access)).toMatchObject({ status: 204, text: '' });
    for (const dead of [pair, other]) await expectDead(dead);
    expectOk(await blacklist(pair.refresh));
    // The gap after the last text outlives the account.
    expect((await test.requestOtp(phone)).status).toBe(429);
    const again = await signIn();
    expect(again.new_member).toBe(true);
    expect(claimsOf(again.access).sub).not.toBe(claimsOf(pair.access).sub);
    await expectDead(pair);
  });
});
