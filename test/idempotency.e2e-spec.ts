import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { Account } from '../src/account/account.entity';
import { IdempotentReply } from '../src/account/idempotent-reply.entity';
import { Retention } from '../src/account/retention';
import { OtpChallenge } from '../src/otp/otp-challenge.entity';
import { Session } from '../src/session/session.entity';
import { databases, mysql } from './support/databases';
import { mysqlUrl } from './support/environment';
import { postJson, requestOtpPath, send, verifyPath, type HttpReply } from './support/http-client';
import { ServiceProcess } from './support/service-process';
import { otherThan, TestApp } from './support/test-app';

const phone = '+255679190720';
const other = '+255754000001';
const key = 'f3b0c442-98fc-4c14-9afb-f4c8996fb924';
const invalidOtp = [400, '{"detail":"Invalid OTP"}'];
const reused = [422, '{"detail":"This Idempotency-Key was used for another request.","code":"idempotency_key_reused"}'];
const badKey = [
  400,
  '{"detail":"Idempotency-Key must be 8 to 128 visible ASCII characters.","code":"invalid_idempotency_key"}',
];

interface SignIn {
  access: string;
  refresh: string;
  new_member: boolean;
}

const told = ({ status, text }: HttpReply) => [status, text];
const pairOf = ({ text }: HttpReply) => JSON.parse(text) as SignIn;
const claims = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as { sid: string; sub: string; jti: string };
const sid = (reply: HttpReply) => claims(pairOf(reply).access).sid;

describe.each(databases)('a sign-in with an Idempotency-Key, on $name', (database) => {
  let test: TestApp;

  beforeAll(async () => void (test = await TestApp.start(database)));
  beforeEach(() => test.reset());
  afterAll(() => test.stop());

  const verify = (phoneNumber: string, otp: string, idempotencyKey: string) =>
    test.post(verifyPath, { phone_number: phoneNumber, otp }, { 'Idempotency-Key': idempotencyKey });
  const refresh = (token: string) => test.post('/api/account/token/refresh/', { refresh: token });
  const count = (entity: new () => object) => test.dataSource.getRepository(entity).count();
  const challenge = (phoneNumber: string) =>
    test.dataSource.getRepository(OtpChallenge).findOneByOrFail({ phoneNumber });

  describe('sent again within 60 s', () => {
    it('gets the same session and the same new_member with a new access token', async () => {
      const otp = await test.obtainOtp(phone);
      const first = await verify(phone, otp, key);
      test.clock.advance(59.999);
      const again = await verify(phone, otp, key);

      expect([first.status, again.status]).toEqual([200, 200]);
      expect([pairOf(first).new_member, pairOf(again).new_member]).toEqual([true, true]);
      expect(sid(again)).toBe(sid(first));
      expect(claims(pairOf(again).access).jti).not.toBe(claims(pairOf(first).access).jti);
      expect([await count(Account), await count(Session)]).toEqual([1, 1]);
      expect((await refresh(pairOf(again).refresh)).status).toBe(200);
      test.clock.advance(0.001);
    });

    it('stays the sign-in of a known member', async () => {
      await test.verify(phone, await test.obtainOtp(phone));
      test.clock.advance(61);
      const otp = await test.obtainOtp(phone);
      const replies = [await verify(phone, otp, key), await verify(phone, otp, key)];
      expect(replies.map((reply) => pairOf(reply).new_member)).toEqual([false, false]);
      expect(sid(replies[1]!)).toBe(sid(replies[0]!));
    });

    it('gets the current pair when the first one was refreshed', async () => {
      const otp = await test.obtainOtp(phone);
      const first = await verify(phone, otp, key);
      const { refresh: successor } = pairOf(await refresh(pairOf(first).refresh));
      test.clock.advance(30);
      const again = await verify(phone, otp, key);

      expect([again.status, sid(again), pairOf(again).new_member]).toEqual([200, sid(first), true]);
      expect(claims(pairOf(again).refresh).jti).toBe(claims(successor).jti);
      expect((await refresh(pairOf(again).refresh)).status).toBe(200);
      expect(await count(Session)).toBe(1);
    });

    it('knows the number by another written form', async () => {
      const otp = await test.obtainOtp(phone);
      const first = await verify(phone, otp, key);
      expect(sid(await verify('+255 679 190 720', ` ${otp} `, key))).toBe(sid(first));
    });

    it('is not disturbed by a new code for the number, and leaves that alone', async () => {
      const otp = await test.obtainOtp(phone);
      test.clock.advance(50);
      const first = await verify(phone, otp, key);
      test.clock.advance(10);
      const next = await test.obtainOtp(phone);
      expect(next).not.toBe(otp);
      test.clock.advance(49);

      const again = await verify(phone, otp, key);
      expect([again.status, sid(again)]).toEqual([200, sid(first)]);
      expect(await challenge(phone)).toMatchObject({ attempts: 0, consumedAt: null });
      expect(pairOf(await test.verify(phone, next)).new_member).toBe(false);
    });

    it('is refused when the session was closed meanwhile', async () => {
      const otp = await test.obtainOtp(phone);
      const { refresh: token } = pairOf(await verify(phone, otp, key));
      await test.post('/api/account/token/blacklist/', { refresh: token });
      expect(told(await verify(phone, otp, key))).toEqual(invalidOtp);
      expect(await count(Session)).toBe(1);
    });

    it('is refused when the account was deleted meanwhile', async () => {
      const otp = await test.obtainOtp(phone);
      const { access } = pairOf(await verify(phone, otp, key));
      const headers = { Authorization: `Bearer ${access}` };
      expect((await test.send({ method: 'DELETE', path: '/api/account/me/', headers })).status).toBe(204);
      expect(told(await verify(phone, otp, key))).toEqual(invalidOtp);
      expect([await count(Account), await count(Session)]).toEqual([0, 0]);
    });
  });

  it('is Invalid OTP 60 s after its success, and the key is free for another request', async () => {
    const otp = await test.obtainOtp(phone);
    await verify(phone, otp, key);
    test.clock.advance(60);
    expect(told(await verify(phone, otp, key))).toEqual(invalidOtp);
    expect((await verify(other, await test.obtainOtp(other), key)).status).toBe(200);
  });

  it('is Invalid OTP without the key or with another one', async () => {
    const otp = await test.obtainOtp(phone);
    await verify(phone, otp, key);
    expect(told(await test.verify(phone, otp))).toEqual(invalidOtp);
    for (const another of [`${key}x`, key.slice(0, -1), key.toUpperCase()])
      expect(told(await verify(phone, otp, another))).toEqual(invalidOtp);
    expect(await count(Session)).toBe(1);
  });

  it('has no memory where no key was sent first', async () => {
    const otp = await test.obtainOtp(phone);
    await test.verify(phone, otp);
    expect(told(await verify(phone, otp, key))).toEqual(invalidOtp);
  });

  it('belongs to its number: with another number it is another key', async () => {
    const otp = await test.obtainOtp(phone);
    const first = await verify(phone, otp, key);
    const foreign = await test.obtainOtp(other);

    expect(told(await verify(other, otherThan(foreign), key))).toEqual(invalidOtp);
    const second = await verify(other, foreign, key);
    expect([second.status, pairOf(second).new_member]).toEqual([200, true]);
    expect(sid(await verify(phone, otp, key))).toBe(sid(first));
    expect(sid(await verify(other, foreign, key))).toBe(sid(second));
  });

  it('is 422 with another code, which counts as a guess of the live code, the right one too', async () => {
    const otp = await test.obtainOtp(phone);
    test.clock.advance(50);
    const first = await verify(phone, otp, key);
    test.clock.advance(10);
    const next = await test.obtainOtp(phone);

    expect(told(await verify(phone, otherThan(next), key))).toEqual(reused);
    expect(await challenge(phone)).toMatchObject({ attempts: 1, consumedAt: null });
    expect(told(await verify(phone, next, key))).toEqual(reused);
    expect(await challenge(phone)).toMatchObject({ attempts: 2, consumedAt: null });
    expect(sid(await verify(phone, otp, key))).toBe(sid(first));
    expect(await challenge(phone)).toMatchObject({ attempts: 2, consumedAt: null });
    expect((await test.verify(phone, next)).status).toBe(200);
  });

  it('is 422 with another code side by side, and uses up exactly five guesses', async () => {
    const otp = await test.obtainOtp(phone);
    test.clock.advance(50);
    await verify(phone, otp, key);
    test.clock.advance(10);
    const next = await test.obtainOtp(phone);
    const replies = await Promise.all(Array.from({ length: 20 }, () => verify(phone, otherThan(next), key)));
    for (const reply of replies) expect(told(reply)).toEqual(reused);
    expect(await challenge(phone)).toMatchObject({ attempts: 5, consumedAt: null });
    expect(told(await test.verify(phone, next))).toEqual(invalidOtp);
  });

  it('gets the session no more after five mismatches, with no live code either, side by side', async () => {
    const otp = await test.obtainOtp(phone);
    await verify(phone, otp, key);
    const guesses = Array.from({ length: 12 }, (_, guess) => (guess < 11 ? otherThan(otp) : otp));
    const replies = await Promise.all(guesses.map((guess) => verify(phone, guess, key)));
    for (const reply of replies.slice(0, -1)) expect(told(reply)).toEqual(reused);
    expect(told(await verify(phone, otp, key))).toEqual(reused);
    expect(await test.dataSource.getRepository(Session).find()).toMatchObject([{ idempotencyMismatches: 5 }]);
  });

  it('binds no key while it fails, and counts its guesses', async () => {
    const otp = await test.obtainOtp(phone);
    for (let guess = 0; guess < 4; guess++) expect(told(await verify(phone, otherThan(otp), key))).toEqual(invalidOtp);
    expect(await challenge(phone)).toMatchObject({ attempts: 4 });
    const first = await verify(phone, otp, key);
    expect([first.status, pairOf(first).new_member]).toEqual([200, true]);
    expect(sid(await verify(phone, otp, key))).toBe(sid(first));
  });

  it('sent 30 times side by side is 30 times the reply of one sign-in', async () => {
    const otp = await test.obtainOtp(phone);
    const replies = await Promise.all(Array.from({ length: 30 }, () => verify(phone, otp, key)));

    expect(replies.map(({ status }) => status)).toEqual(Array(30).fill(200));
    expect(replies.map((reply) => pairOf(reply).new_member)).toEqual(Array(30).fill(true));
    expect(new Set(replies.map(sid)).size).toBe(1);
    expect(new Set(replies.map((reply) => pairOf(reply).refresh)).size).toBe(1);
    expect([await count(Account), await count(Session)]).toEqual([1, 1]);
    expect(await challenge(phone)).toMatchObject({ attempts: 1 });
  });

  it.each([
    ['7 characters', 'abcdefg'],
    ['129 characters', 'a'.repeat(129)],
    ['none', ''],
    ['a space inside', 'abcd efgh'],
    ['a tab inside', 'abcd\tefgh'],
    ['non-ASCII', 'clé-clé-clé'],
    ['DEL', 'abcdefgh\u0080'],
  ])('is refused for a key of %s, at no cost', async (_name, bad) => {
    const otp = await test.obtainOtp(phone);
    expect(told(await verify(phone, otp, bad))).toEqual(badKey);
    expect(await challenge(phone)).toMatchObject({ attempts: 0, consumedAt: null });
  });

  it.each(['!"#$%&~z', 'a'.repeat(128)])('takes the key %s', async (good) => {
    const otp = await test.obtainOtp(phone);
    expect([(await verify(phone, otp, good)).status, (await verify(phone, otp, good)).status]).toEqual([200, 200]);
  });

  it('leaves neither its key nor its code in any table', async () => {
    const otp = await test.obtainOtp(phone);
    await verify(phone, otp, key);
    const tables = test.dataSource.entityMetadatas.map(({ tableName }) => tableName);
    const rows = await Promise.all(tables.map((table) => test.dataSource.query<object[]>(`SELECT * FROM ${table}`)));
    // Six digits stand in times, ids and hashes by chance.
    const dump = JSON.stringify(rows).replaceAll(/"(\d{4}-\d\d-\d\d[^"]*|[0-9a-f-]{16,})"/g, '""');
    expect(dump).toContain(phone);
    expect(dump).not.toContain(otp);
    expect(JSON.stringify(rows)).not.toContain(key);
  });
});

describe.each(databases)('another request with an Idempotency-Key, on $name', (database) => {
  let test: TestApp;

  beforeAll(async () => void (test = await TestApp.start(database)));
  beforeEach(() => test.reset());
  afterAll(() => test.stop());

  const changePath = '/api/account/me/phone-number/';
  const withKey = (idempotencyKey: string, access?: string) => ({
    'Idempotency-Key': idempotencyKey,
    ...(access === undefined ? {} : { Authorization: `Bearer ${access}` }),
  });
  const request = (phoneNumber: string, idempotencyKey: string, more: object = {}) =>
    test.post(requestOtpPath, { phone_number: phoneNumber, ...more }, withKey(idempotencyKey));
  const remove = (access: string, headers: Record<string, string> = {}) =>
    test.send({
      method: 'DELETE',
      path: '/api/account/me/',
      headers: { Authorization: `Bearer ${access}`, ...headers },
    });
  const ask = (access: string, phoneNumber: string, idempotencyKey: string) =>
    test.post(changePath, { phone_number: phoneNumber }, withKey(idempotencyKey, access));
  const verifyNew = (access: string, phoneNumber: string, otp: string, headers: Record<string, string> = {}) =>
    test.post(`${changePath}verify/`, { phone_number: phoneNumber, otp }, { ...withKey(key, access), ...headers });
  const verifyWithoutKey = (access: string, phoneNumber: string, otp: string) =>
    test.post(`${changePath}verify/`, { phone_number: phoneNumber, otp }, { Authorization: `Bearer ${access}` });
  const signIn = async (phoneNumber = phone) => {
    test.clock.advance(61);
    return pairOf(await test.verify(phoneNumber, await test.obtainOtp(phoneNumber))).access;
  };
  const textsTo = async (phoneNumber: string) => {
    await test.textsSent();
    return test.inbox.to(phoneNumber).length;
  };
  const otpOf = async (phoneNumber: string) => {
    await test.textsSent();
    return test.lastCode(phoneNumber);
  };
  const challenge = (phoneNumber: string) =>
    test.dataSource.getRepository(OtpChallenge).findOneByOrFail({ phoneNumber, purpose: 'new-number' });

  describe('for a code', () => {
    it('gets the same answer again for 60 s, and no other text', async () => {
      const first = await request(phone, key);
      expect(await textsTo(phone)).toBe(1);
      test.clock.advance(59.999);
      const again = await request('+255 679 190 720', key);
      expect([first.status, told(again)]).toEqual([200, told(first)]);
      expect(await textsTo(phone)).toBe(1);
      test.clock.advance(0.001);
      const later = await request(phone, key);
      expect(later.status).toBe(200);
      expect(later.text).not.toBe(first.text);
      expect(await textsTo(phone)).toBe(2);
    });

    it('is 422 with another language, and 429 without the key or with another one', async () => {
      await request(phone, key, { locale: 'en' });
      expect(told(await request(phone, key, { locale: 'sw' }))).toEqual(reused);
      expect(told(await request(phone, key))).toEqual(reused);
      expect((await request(phone, `${key}x`)).status).toBe(429);
      expect((await test.requestOtp(phone)).status).toBe(429);
      expect(await textsTo(phone)).toBe(1);
    });

    it('belongs to its number, and to its route', async () => {
      const first = await request(phone, key);
      const second = await request(other, key);
      expect([first.status, second.status]).toEqual([200, 200]);
      expect(second.text).not.toBe(first.text);
      const otp = await otpOf(phone);
      expect((await test.post(verifyPath, { phone_number: phone, otp }, withKey(key))).status).toBe(200);
    });

    it('side by side is one text and one answer', async () => {
      const replies = await Promise.all(Array.from({ length: 20 }, () => request(phone, key)));
      for (const reply of replies) expect(told(reply)).toEqual([200, replies[0]!.text]);
      expect(await textsTo(phone)).toBe(1);
    });

    it('binds no key while it is refused', async () => {
      await test.requestOtp(phone);
      expect((await request(phone, key)).status).toBe(429);
      test.clock.advance(60);
      expect((await request(phone, key, { locale: 'en' })).status).toBe(200);
    });

    it('is refused for a bad key', async () => {
      expect(told(await request(phone, 'short'))).toEqual(badKey);
    });
  });

  describe('for a change of number', () => {
    it('gets the same answer again and no other text, also past the fresh sign-in', async () => {
      const access = await signIn();
      test.clock.advance(590);
      const first = await ask(access, other, key);
      expect(await textsTo(other)).toBe(1);
      test.clock.advance(9.5);
      expect(told(await ask(access, other, key))).toEqual([200, first.text]);
      expect(told(await ask(access, phone, key))).toEqual(reused);
      expect(await textsTo(other)).toBe(1);
      test.clock.advance(0.5);
    });

    it('belongs to its account', async () => {
      const [neighbour, access] = [await signIn(other), await signIn()];
      expect((await ask(access, '+255754000002', key)).status).toBe(200);
      expect((await ask(neighbour, '+255754000003', key)).status).toBe(200);
    });

    it('moves the account once, and shows it again', async () => {
      const access = await signIn();
      await ask(access, other, key);
      const otp = await otpOf(other);
      const first = await verifyNew(access, other, otp);
      await test.textsSent();
      test.clock.advance(59.999);
      expect(told(await verifyNew(access, other, otp))).toEqual([200, first.text]);
      test.clock.advance(0.001);
      expect(told(await verifyNew(access, other, otp))).toEqual(invalidOtp);
      expect(await textsTo(phone)).toBe(2);
    });

    it('without a key shows it again to the session that moved it, by the code that did, for 60 s', async () => {
      const [elsewhere, access] = [await signIn(other), await signIn()];
      const third = '+255754000002';
      await ask(access, third, key);
      const otp = await otpOf(third);
      test.clock.advance(1);
      const first = await verifyWithoutKey(access, third, otp);
      test.clock.advance(59.999);
      expect(told(await verifyWithoutKey(access, third, otp))).toEqual([200, first.text]);
      expect(told(await verifyWithoutKey(access, third, otherThan(otp)))).toEqual(invalidOtp);
      expect(told(await verifyWithoutKey(elsewhere, third, otp))).toEqual(invalidOtp);
      const later = await test.requestOtp(third).then(() => otpOf(third));
      const { access: another } = pairOf(await test.verify(third, later));
      expect(told(await verifyWithoutKey(another, third, otp))).toEqual(invalidOtp);
      test.clock.advance(0.001);
      expect(told(await verifyWithoutKey(access, third, otp))).toEqual(invalidOtp);
    });

    it('is 422 with another code, which counts as a guess of the live code', async () => {
      const access = await signIn();
      const third = '+255754000002';
      await ask(access, other, key);
      await verifyNew(access, other, await otpOf(other));
      await ask(access, third, `${key}x`);
      const otp = await otpOf(third);
      expect(told(await verifyNew(access, third, otherThan(otp)))).toEqual(reused);
      expect(told(await verifyNew(access, third, otp))).toEqual(reused);
      expect(await challenge(third)).toMatchObject({ attempts: 2, consumedAt: null });
      expect((await verifyNew(access, third, otp, { 'Idempotency-Key': `${key}x` })).status).toBe(200);
    });

    it('says again that the number is taken, and binds no key while the code is wrong', async () => {
      const [, access] = [await signIn(other), await signIn()];
      await ask(access, other, key);
      const otp = await otpOf(other);
      expect(told(await verifyNew(access, other, otherThan(otp)))).toEqual(invalidOtp);
      const taken = [400, '{"phone_number":["This phone number belongs to another account."]}'];
      for (let again = 0; again < 2; again++) expect(told(await verifyNew(access, other, otp))).toEqual(taken);
    });

    it('side by side is one change and one text', async () => {
      const access = await signIn();
      await ask(access, other, key);
      const otp = await otpOf(other);
      const replies = await Promise.all(Array.from({ length: 10 }, () => verifyNew(access, other, otp)));
      for (const reply of replies) expect(told(reply)).toEqual([200, replies[0]!.text]);
      expect(await textsTo(phone)).toBe(2);
    });

    it('is undone once, and answered again', async () => {
      const access = await signIn();
      await ask(access, other, key);
      await verifyNew(access, other, await otpOf(other));
      await test.textsSent();
      const [code = ''] = /[\dA-Z]{4}-[\dA-Z]{4}-[\dA-Z]{4}/.exec(test.inbox.to(phone).at(-1)!.text) ?? [];
      const undo = (typed: string) =>
        test.post('/api/account/phone-number/undo/', { phone_number: phone, code: typed }, withKey(key));
      expect(told(await undo(code))).toEqual([200, '{}']);
      expect(told(await undo(code.toLowerCase()))).toEqual([200, '{}']);
      expect(told(await undo('BCDF-GHJK-LMNP'))).toEqual(reused);
      test.clock.advance(60);
      expect(told(await undo(code))).toEqual(invalidOtp);
    });
  });

  describe('for a deletion', () => {
    it('is done again for 60 s with the same token, which is good for nothing else', async () => {
      const access = await signIn();
      expect((await remove(access, withKey(key))).status).toBe(204);
      test.clock.advance(59.999);
      expect(told(await remove(access, withKey(key)))).toEqual([204, '']);
      expect((await remove(access)).status).toBe(401);
      expect((await remove(access, withKey(`${key}x`))).status).toBe(401);
      const headers = withKey(key, access);
      expect((await test.send({ method: 'GET', path: '/api/account/me/', headers })).status).toBe(401);
      test.clock.advance(0.001);
      expect((await remove(access, withKey(key))).status).toBe(401);
    });

    it('leaves a new account of the number alone', async () => {
      const access = await signIn();
      test.clock.advance(1);
      await remove(access, withKey(key));
      test.clock.advance(59);
      const next = pairOf(await test.verify(phone, await test.obtainOtp(phone)));
      expect((await remove(access, withKey(key))).status).toBe(204);
      const headers = { Authorization: `Bearer ${next.access}` };
      expect((await test.send({ method: 'GET', path: '/api/account/me/', headers })).status).toBe(200);
    });

    it('does nothing in a session that is over', async () => {
      const [closed, access] = [await signIn(), await signIn()];
      const headers = { Authorization: `Bearer ${access}` };
      await test.send({ method: 'DELETE', path: '/api/account/sessions/', headers });
      const reply = await remove(closed, withKey(key));
      expect(told(reply)).toEqual([
        401,
        '{"detail":"Given token not valid for any token type","code":"token_not_valid","messages":[{"token_class":"AccessToken","token_type":"access","message":"Token is invalid or expired"}]}',
      ]);
      expect((await remove('x', withKey(key))).status).toBe(401);
      expect((await test.send({ method: 'GET', path: '/api/account/me/', headers })).status).toBe(200);
    });

    it('side by side is done for all of them', async () => {
      const access = await signIn();
      const replies = await Promise.all(Array.from({ length: 10 }, () => remove(access, withKey(key))));
      expect(replies.map(({ status }) => status)).toEqual(Array(10).fill(204));
    });

    it('leaves no number in any table', async () => {
      const access = await signIn();
      await request(phone, `${key}x`);
      await remove(access, withKey(key));
      await test.textsSent();
      const tables = test.dataSource.entityMetadatas.map(({ tableName }) => tableName);
      const rows = await Promise.all(tables.map((table) => test.dataSource.query<object[]>(`SELECT * FROM ${table}`)));
      expect(JSON.stringify(rows)).not.toContain(phone.slice(1));
      expect(JSON.stringify(rows)).not.toContain(key);
    });
  });

  it('is forgotten an hour later, and not before its 60 s are over', async () => {
    await request(phone, key);
    const count = () => test.dataSource.getRepository(IdempotentReply).count();
    test.clock.advance(59);
    await test.app.get(Retention).removeExpired();
    expect(await count()).toBe(1);
    test.clock.advance(1);
    await test.app.get(Retention).removeExpired();
    expect(await count()).toBe(0);
  });
});

/** A line to the database on which the answer to the commit of a sign-in never arrives. */
async function forgetfulLine(url: string): Promise<{ url: string; close: () => void }> {
  const { hostname, port } = new URL(url);
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    let [signsIn, deaf] = [false, false];
    near.on('data', (bytes) => {
      signsIn ||= bytes.includes('INSERT INTO session');
      deaf ||= signsIn && bytes.includes('COMMIT');
      far.write(bytes);
    });
    far.on('data', (bytes) => deaf || near.write(bytes));
    for (const socket of [near, far]) {
      socket.on('error', () => undefined);
      socket.on('close', () => [near, far].forEach((it) => it.destroy()));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const changed = new URL(url);
  changed.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url: changed.href, close: () => server.close() };
}

(mysqlUrl === undefined ? describe.skip : describe)('kill -9 of a node (skipped without TEST_MYSQL_URL)', () => {
  let database: Connection;
  let survivor: ServiceProcess;
  let url: string;

  beforeAll(async () => {
    url = await mysql.create();
    survivor = await ServiceProcess.start({ DATABASE_URL: url });
    database = await createConnection(url);
  });
  afterAll(async () => {
    await database.end();
    await survivor.stop();
  });

  const request = (node: string, otp: string, phoneNumber: string) =>
    postJson(node, verifyPath, { phone_number: phoneNumber, otp }, { 'Idempotency-Key': key });
  const sessions = async () =>
    (await database.query<(RowDataPacket & { id: string })[]>('SELECT id FROM session ORDER BY id'))[0];

  it('between the commit of a sign-in and its reply: the same request elsewhere gets that session', async () => {
    const line = await forgetfulLine(url);
    const victim = await ServiceProcess.start({ DATABASE_URL: line.url, DATA_DIR: survivor.dataDir });
    await postJson(survivor.url, requestOtpPath, { phone_number: phone });
    const otp = await survivor.codeFor(phone);

    const lost = request(victim.url, otp, phone).then(
      ({ status }) => `replied ${status}`,
      () => 'no reply',
    );
    while ((await sessions()).length === 0);
    victim.signal('SIGKILL');
    expect(await lost).toBe('no reply');
    await victim.stopped();
    line.close();

    const again = [await request(survivor.url, otp, phone), await request(survivor.url, otp, phone)];
    expect(again.map(({ status }) => status)).toEqual([200, 200]);
    expect(again.map((reply) => pairOf(reply).new_member)).toEqual([true, true]);
    expect(again.map((reply) => ({ id: sid(reply) }))).toEqual([...(await sessions()), ...(await sessions())]);
    expect((await postJson(survivor.url, verifyPath, { phone_number: phone, otp })).text).toBe(invalidOtp[1]);
    const refreshed = await postJson(survivor.url, '/api/account/token/refresh/', {
      refresh: pairOf(again[1]!).refresh,
    });
    expect(refreshed.status).toBe(200);
  });
});

(mysqlUrl === undefined ? describe.skip : describe)('two nodes (skipped without TEST_MYSQL_URL)', () => {
  let nodes: [ServiceProcess, ServiceProcess];

  beforeAll(async () => {
    const url = await mysql.create();
    const first = await ServiceProcess.start({ DATABASE_URL: url });
    nodes = [first, await ServiceProcess.start({ DATABASE_URL: url, DATA_DIR: first.dataDir })];
  });
  afterAll(() => Promise.all(nodes.map((node) => node.stop())));

  const each = (count: number, path: string, body: object, headers: Record<string, string>) =>
    Promise.all(Array.from({ length: count }, (_, index) => postJson(nodes[index % 2]!.url, path, body, headers)));

  it('give equal requests side by side one answer and one text', async () => {
    const keyed = { 'Idempotency-Key': key };
    const replies = await each(12, requestOtpPath, { phone_number: phone }, keyed);
    for (const reply of replies) expect(told(reply)).toEqual([200, replies[0]!.text]);
    const otp = await nodes[0].codeFor(phone);
    expect(nodes[0].texts()).toHaveLength(1);

    const { access } = pairOf(await postJson(nodes[0].url, verifyPath, { phone_number: phone, otp }));
    const headers = { ...keyed, Authorization: `Bearer ${access}` };
    const asked = await each(10, '/api/account/me/phone-number/', { phone_number: other }, headers);
    for (const reply of asked) expect(told(reply)).toEqual([200, asked[0]!.text]);
    const body = { phone_number: other, otp: await nodes[0].codeFor(other) };
    const moved = await each(10, '/api/account/me/phone-number/verify/', body, headers);
    for (const reply of moved) expect(told(reply)).toEqual([200, moved[0]!.text]);
    expect(moved[0]!.text).toContain(`"phone_number":"${other}"`);
    expect(nodes[0].texts().filter(({ to }) => to === other)).toHaveLength(1);

    const deletion = { method: 'DELETE', path: '/api/account/me/', headers };
    const deleted = await Promise.all(Array.from({ length: 10 }, (_, index) => send(nodes[index % 2]!.url, deletion)));
    expect(deleted.map(({ status }) => status)).toEqual(Array(10).fill(204));
  });

  it('count mismatches of a key exactly', async () => {
    const number = '+255754000002';
    await postJson(nodes[0].url, requestOtpPath, { phone_number: number });
    const otp = await nodes[0].codeFor(number);
    const keyed = { 'Idempotency-Key': key };
    expect((await postJson(nodes[0].url, verifyPath, { phone_number: number, otp }, keyed)).status).toBe(200);
    const wrong = await each(30, verifyPath, { phone_number: number, otp: otherThan(otp) }, keyed);
    for (const reply of wrong) expect(told(reply)).toEqual(reused);
    expect(told(await postJson(nodes[1].url, verifyPath, { phone_number: number, otp }, keyed))).toEqual(reused);
  });
});
