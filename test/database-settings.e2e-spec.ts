import type { PoolConnection } from 'mysql2';
import { Account } from '../src/account/account.entity';
import { Session } from '../src/session/session.entity';
import { verifyPath } from './support/http-client';
import { hasMariaServer, MariaServer } from './support/maria-server';
import { TestApp } from './support/test-app';

const phone = '+255679190720';
const other = '+255754000001';
const hexOf = (text: string) => `0x${Buffer.from(text).toString('hex')}`;

/** Each would be a part of the statement if a quote that is escaped by a backslash ended the text. */
const texts: [what: string, text: string][] = [
  ['moves another account', `', phone_number = ${hexOf('+255754000009')} WHERE phone_number = ${hexOf(other)} #`],
  ['ends the text and comments the rest out', `x' OR 1=1 -- `],
  ['ends a text in double quotes', `" OR "1"="1`],
  ['ends in a backslash', 'x\\'],
  ['is a backslash and a quote', `\\' OR 1=1 #`],
  ['escapes quotes by doubling', `''; DELETE FROM session; -- `],
  ['is in letters of many scripts', 'Asha 🐘 阿莎 أشا ß'],
];

const inAscii = texts.filter(([, text]) => /^[\x20-\x7e]*$/.test(text));

/** What a server may be set to that would change what our statements mean. */
const strange = [
  '--sql-mode=NO_BACKSLASH_ESCAPES,ANSI_QUOTES,PIPES_AS_CONCAT,NO_UNSIGNED_SUBTRACTION',
  '--autocommit=0',
  '--transaction-isolation=SERIALIZABLE',
  '--character-set-server=latin1',
  '--collation-server=latin1_swedish_ci',
  '--skip-character-set-client-handshake',
  '--innodb-lock-wait-timeout=50',
];

(hasMariaServer ? describe : describe.skip)('on a server with strange settings (skipped without mariadbd)', () => {
  let server: MariaServer;
  let test: TestApp;

  beforeAll(async () => {
    server = await MariaServer.start(...strange);
    test = await TestApp.start({ name: 'MySQL', create: () => server.create() });
  }, 60_000);
  beforeEach(() => test.reset());
  afterAll(async () => {
    await test.stop();
    await server.stop();
  });

  async function signIn(phoneNumber: string, headers: Record<string, string> = {}): Promise<string> {
    const otp = await test.obtainOtp(phoneNumber);
    const reply = await test.post(verifyPath, { phone_number: phoneNumber, otp }, headers);
    return (JSON.parse(reply.text) as { access: string }).access;
  }

  it.each(texts)('a display name that %s is a display name', async (_what, text) => {
    await signIn(other);
    const headers = { Authorization: `Bearer ${await signIn(phone)}`, 'Content-Type': 'application/json' };
    const body = JSON.stringify({ display_name: text });
    const reply = await test.send({ method: 'PATCH', path: '/api/account/me/', headers, body });
    expect([reply.status, (JSON.parse(reply.text) as { display_name: string }).display_name]).toEqual([
      200,
      text.trim(),
    ]);
    const accounts = await test.dataSource.getRepository(Account).find({ order: { phoneNumber: 'ASC' } });
    expect(accounts.map(({ phoneNumber, displayName }) => [phoneNumber, displayName])).toEqual([
      [phone, text.trim()],
      [other, ''],
    ]);
  });

  it.each(inAscii)('a user agent that %s is a user agent, in statements and in entities', async (_what, text) => {
    await signIn(other);
    await signIn(phone, { 'User-Agent': text });
    const sessions = test.dataSource.getRepository(Session);
    expect(await sessions.findBy({ userAgent: text.trim() })).toHaveLength(1);
    expect(await sessions.count()).toBe(2);
  });

  it.each(inAscii)('a text that %s can be looked for, and finds nothing', async (_what, text) => {
    await signIn(phone);
    const accounts = test.dataSource.getRepository(Account);
    expect(await accounts.findBy({ importedUserId: text })).toEqual([]);
    expect((await accounts.update({ locale: text }, { displayName: text })).affected).toBe(0);
    expect((await accounts.delete({ displayName: text })).affected).toBe(0);
    const found = accounts.createQueryBuilder('a').where('a.displayName IN (:...texts)', { texts: [text] });
    expect(await found.getCount()).toBe(0);
  });

  it('a value stays a value where the mode of the connection is changed', async () => {
    await signIn(phone);
    const runner = test.dataSource.createQueryRunner();
    await runner.query("SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'");
    const found = await runner.manager.findBy(Account, { displayName: "' OR 1=1 #" });
    ((await runner.connect()) as PoolConnection).destroy();
    await runner.release();
    expect(found).toEqual([]);
  });

  it('a value that does not fit is refused, not cut', async () => {
    const cut = test.dataSource.query(`INSERT INTO migration (timestamp, name) VALUES (?, ?)`, [1, 'x'.repeat(300)]);
    await expect(cut).rejects.toMatchObject({ code: 'ER_DATA_TOO_LONG' });
  });

  it('a list is not bound in the place of one value', async () => {
    const list = test.dataSource.query('SELECT id FROM account WHERE id IN (?)', [['a', 'b']]);
    await expect(list).rejects.toThrow('A list cannot be bound');
  });

  it('each connection has the settings of the service', async () => {
    const ask = () =>
      test.dataSource.query<object[]>(
        `SELECT @@sql_mode AS mode, @@autocommit AS autocommit, @@tx_isolation AS isolation, @@wsrep_sync_wait AS wait,
          @@innodb_lock_wait_timeout AS lockWait, @@character_set_client AS client, @@character_set_results AS results`,
      );
    const strict =
      'STRICT_TRANS_TABLES,STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION';
    const settings = {
      ...{ mode: strict, autocommit: '1', isolation: 'READ-COMMITTED', wait: '7', lockWait: '1' },
      ...{ client: 'utf8mb4', results: 'utf8mb4' },
    };
    const texts = (row: object) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, String(value)]));
    for (const [row] of await Promise.all(Array.from({ length: 40 }, ask))) expect(texts(row!)).toEqual(settings);
  });
});
