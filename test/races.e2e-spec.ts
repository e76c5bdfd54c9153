import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { Account } from '../src/account/account.entity';
import { OtpChallenge } from '../src/otp/otp-challenge.entity';
import { Session } from '../src/session/session.entity';
import { mysql, sqlite } from './support/databases';
import { mysqlUrl } from './support/environment';
import { postJson, requestOtpPath, verifyPath, type HttpReply } from './support/http-client';
import { ServiceProcess } from './support/service-process';
import { otherThan, TestApp } from './support/test-app';

let made = 0;
let phone = '+255679190720';
const times = <T>(count: number, action: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => action(index)));
const statuses = (replies: HttpReply[]) => {
  const counts: Record<number, number> = {};
  for (const { status } of replies) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};
const newMembers = (replies: HttpReply[]) => replies.filter(({ text }) => text.includes('"new_member":true')).length;

(mysqlUrl === undefined ? describe.skip : describe)('two nodes on one MySQL (skipped without TEST_MYSQL_URL)', () => {
  let nodes: [ServiceProcess, ServiceProcess];
  let database: Connection;

  beforeAll(async () => {
    const url = await mysql.create();
    const first = await ServiceProcess.start({ DATABASE_URL: url });
    nodes = [first, await ServiceProcess.start({ DATABASE_URL: url, DATA_DIR: first.dataDir })];
    database = await createConnection(url);
  });

  beforeEach(async () => {
    for (const table of ['account', 'otp_challenge', 'session', 'sms_message'])
      await database.query(`DELETE FROM ${table}`);
  });

  afterAll(async () => {
    await database.end();
    await Promise.all(nodes.map((node) => node.stop()));
  });

  const node = (index: number) => nodes[index % 2]!.url;
  const verify = (index: number, otp: string) => postJson(node(index), verifyPath, { phone_number: phone, otp });
  const rows = async (sql: string) => (await database.query<RowDataPacket[]>(sql))[0];

  /** Each time for another number, as the file of texts is never emptied. */
  async function obtainOtp(): Promise<string> {
    phone = `+2556791907${(20 + (made += 1)).toString()}`;
    await postJson(node(0), requestOtpPath, { phone_number: phone });
    return nodes[0].codeFor(phone);
  }

  it('lets one of 100 parallel verifies with the right code sign in', async () => {
    const otp = await obtainOtp();
    const replies = await times(100, (index) => verify(index, otp));

    expect(statuses(replies)).toEqual({ 200: 1, 400: 99 });
    expect(newMembers(replies)).toBe(1);
    expect(await rows('SELECT COUNT(*) AS n FROM account')).toEqual([{ n: 1 }]);
    expect(await rows('SELECT COUNT(*) AS n FROM session')).toEqual([{ n: 1 }]);
  });

  it('compares exactly 5 of 100 parallel wrong guesses, and refuses the right code afterwards', async () => {
    const otp = await obtainOtp();
    const replies = await times(100, (index) => verify(index, otherThan(otp)));

    expect(statuses(replies)).toEqual({ 400: 100 });
    expect(await rows('SELECT attempts FROM otp_challenge')).toEqual([{ attempts: 5 }]);
    expect((await verify(0, otp)).text).toBe('{"detail":"Invalid OTP"}');
    expect(await rows('SELECT COUNT(*) AS n FROM account')).toEqual([{ n: 0 }]);
  });

  it('never lets a right code through behind five wrong ones that run beside it', async () => {
    const otp = await obtainOtp();
    const replies = await times(60, (index) => verify(index, index % 12 === 11 ? otp : otherThan(otp)));

    const [{ attempts } = { attempts: 0 }] = await rows('SELECT attempts FROM otp_challenge');
    expect(attempts).toBeLessThanOrEqual(5);
    expect(statuses(replies)[200] ?? 0).toBeLessThanOrEqual(1);
  });

  it('sends one text for 4 parallel requests, the first ones ever for a number', async () => {
    const before = nodes[0].texts().length;
    const replies = await times(4, (index) => postJson(node(index), requestOtpPath, { phone_number: '+255754000009' }));

    expect(statuses(replies)).toEqual({ 200: 1, 429: 3 });
    expect(await rows('SELECT COUNT(*) AS n FROM sms_message')).toEqual([{ n: 1 }]);
    await nodes[0].textTo('+255754000009');
    expect(nodes[0].texts().length - before).toBe(1);
  });
});

describe('one node on SQLite', () => {
  let test: TestApp;
  beforeAll(async () => void (test = await TestApp.start(sqlite)));
  beforeEach(() => test.reset());
  afterAll(() => test.stop());

  const count = (entity: new () => object) => test.dataSource.getRepository(entity).count();

  it('lets one of 100 parallel verifies with the right code sign in', async () => {
    const otp = await test.obtainOtp(phone);
    const replies = await times(100, () => test.verify(phone, otp));

    expect(statuses(replies)).toEqual({ 200: 1, 400: 99 });
    expect([newMembers(replies), await count(Account), await count(Session)]).toEqual([1, 1, 1]);
  });

  it('compares exactly 5 of 100 parallel wrong guesses, and refuses the right code afterwards', async () => {
    const otp = await test.obtainOtp(phone);
    await times(100, () => test.verify(phone, otherThan(otp)));

    const challenge = await test.dataSource.getRepository(OtpChallenge).findOneByOrFail({ phoneNumber: phone });
    expect(challenge.attempts).toBe(5);
    expect((await test.verify(phone, otp)).status).toBe(400);
  });

  it('sends one text for 4 parallel requests, at first and at every resend', async () => {
    for (const texts of [1, 2]) {
      expect(statuses(await times(4, () => test.requestOtp(phone)))).toEqual({ 200: 1, 429: 3 });
      await test.textsSent();
      expect(test.inbox.texts).toHaveLength(texts);
      test.clock.advance(60);
    }
  });
});
