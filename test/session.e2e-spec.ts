import { createHmac } from 'node:crypto';
import { IsNull } from 'typeorm';
import { Account } from '../src/account/account.entity';
import { AuthEvent } from '../src/event/auth-event.entity';
import { Session } from '../src/token/session.entity';
import { databases } from './support/databases';
import { secrets } from './support/environment';
import { verifyPath, type HttpReply } from './support/http-client';
import { TestApp } from './support/test-app';

const phone = '+255679190720';
const minute = 60;
const day = 86_400;
const importSecret = 'kT4vYb8NqWz2XsGm6RjHc9PfLd3UaEo7Ii5OwBxV';

interface Pair {
  access: string;
  refresh: string;
}

const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Record<string, unknown>;

/** A token as another issuer makes it. */
function signed(secret: string, claims: object): string {
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
  const bearer = (method: string, access: string) =>
    test.send({ method, path: '/api/account/me/', headers: { Authorization: `Bearer ${access}` } });
  const me = (access: string) => bearer('GET', access);
  const sessions = () => test.dataSource.getRepository(Session);
  const session = () => sessions().findOneByOrFail({});
  /** Beside signing in. */
  const events = async () => {
    const all = await test.dataSource.getRepository(AuthEvent).find();
    return all.map(({ kind }) => kind).filter((kind) => kind !== 'signed_in');
  };

  async function signIn(headers: Record<string, string> = {}): Promise<Pair & { new_member: boolean }> {
    test.clock.advance(minute);
    const body = { phone_number: phone, otp: await test.obtainOtp(phone) };
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

    it('answers the token before the current one with the same successor, to the byte, for less than 10 s', async () => {
      const { refresh: first } = await signIn();
      const { refresh: successor } = await rotated(first);
      for (const seconds of [0, 5, 4.999]) {
        test.clock.advance(seconds);
        const again = await rotated(first);
        expect(again.refresh).toBe(successor);
        expect((await me(again.access)).status).toBe(200);
      }
      expect(await session()).toMatchObject({ refreshJti: claimsOf(successor).jti, revokedAt: null });
    });

    it('takes the token before the current one for stolen at 10 s, however often it was answered before', async () => {
      const { refresh: first } = await signIn();
      const second = await rotated(first);
      test.clock.advance(9);
      await rotated(first);
      test.clock.advance(1);

      expectNotValid(await refresh(first));
      await expectDead(second);
      expect(await session()).toMatchObject({ revokedAt: test.clock.now(), revokedWhy: 'refresh_token_reused' });
      expect(await events()).toEqual(['refresh_token_reused']);
    });

    it('takes the grandparent for stolen even inside the grace, and closes the session', async () => {
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
    it('answers 200 to what could be used now: access, current refresh token, the one before for 10 s', async () => {
      const first = await signIn();
      const second = await rotated(first.refresh);
      test.clock.advance(9.999);
      for (const it of [first.access, second.access, second.refresh, first.refresh]) expectOk(await verify(it));
    });

    it('refuses older refresh tokens, and closes nothing', async () => {
      const [first, second, third] = await threeGenerations();
      expectNotValid(await verify(first.refresh));
      test.clock.advance(10);
      expectNotValid(await verify(second.refresh));
      for (const it of [third.refresh, third.access]) expectOk(await verify(it));
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
    const exp = Number(claimsOf(access).exp) + day;
    const replies = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        refresh(signed(importSecret, { token_type: 'refresh', exp, jti: `old-${index}`, user_id: 7 })),
      ),
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

  it('are dead with their account, and the number is free again', async () => {
    const other = await signIn();
    const [, , pair] = await threeGenerations();
    for (const { access } of [other, pair]) expect((await me(access)).status).toBe(200);

    expect(await bearer('DELETE', pair.access)).toMatchObject({ status: 204, text: '' });
    for (const dead of [pair, other]) await expectDead(dead);
    expectOk(await blacklist(pair.refresh));
    expect((await test.requestOtp(phone)).status).toBe(200);
    const again = await signIn();
    expect(again.new_member).toBe(true);
    expect(claimsOf(again.access).sub).not.toBe(claimsOf(pair.access).sub);
    await expectDead(pair);
  });
});
