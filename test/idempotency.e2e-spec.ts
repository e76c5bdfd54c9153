import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { Account } from '../src/account/account.entity';
import { OtpChallenge } from '../src/otp/otp-challenge.entity';
import { Session } from '../src/token/session.entity';
import { databases, mysql } from './support/databases';
import { mysqlUrl } from './support/environment';
import { postJson, requestOtpPath, verifyPath, type HttpReply } from './support/http-client';
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

  it('is 422 with another number or code, which costs neither a guess nor a code', async () => {
    const otp = await test.obtainOtp(phone);
    const first = await verify(phone, otp, key);
    const foreign = await test.obtainOtp(other);
    test.clock.advance(59);

    expect(told(await verify(phone, otherThan(otp), key))).toEqual(reused);
    for (let guess = 0; guess < 6; guess++) expect(told(await verify(other, otherThan(foreign), key))).toEqual(reused);
    expect(told(await verify(other, foreign, key))).toEqual(reused);
    expect(await challenge(other)).toMatchObject({ attempts: 0, consumedAt: null });
    expect(sid(await verify(phone, otp, key))).toBe(sid(first));
    expect(pairOf(await test.verify(other, foreign)).new_member).toBe(true);
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
