import type { PoolConnection } from 'mysql2';
import { createConnection, type Connection } from 'mysql2/promise';
import { ServiceUnavailable } from '../src/error/refusal';
import { Session } from '../src/session/session.entity';
import { Transaction } from '../src/transaction/transaction';
import { TransactionRunner } from '../src/transaction/transaction-runner';
import { mysql } from './support/databases';
import { mysqlUrl } from './support/environment';
import { hasMariaServer, MariaServer } from './support/maria-server';
import { TcpProxy } from './simulator/tcp-proxy';
import { TestApp } from './support/test-app';

const phone = '+255679190720';
const unavailable = '{"detail":"Service temporarily unavailable, try again later."}';
const numbers = (count: number) => Array.from({ length: count }, (_, index) => `+2557540000${10 + index}`);
const connections = 20;

/** As many connections as the pool has, all of them open. */
const openPool = (test: TestApp) =>
  Promise.all(Array.from({ length: connections }, () => test.dataSource.query('SELECT SLEEP(0.2)')));

(mysqlUrl === undefined ? describe.skip : describe)('MySQL in trouble (skipped without TEST_MYSQL_URL)', () => {
  let test: TestApp;
  let proxy: TcpProxy;
  let admin: Connection;
  let transactions: TransactionRunner;

  beforeAll(async () => {
    const url = await mysql.create();
    proxy = await TcpProxy.to(url);
    admin = await createConnection(url);
    test = await TestApp.start({ ...mysql, create: async () => proxy.through(url) });
    transactions = test.app.get(TransactionRunner);
  });
  beforeEach(async () => {
    proxy.reopen();
    await test.reset();
  });
  afterAll(async () => {
    await test.stop();
    await admin.end();
    proxy.close();
  });

  const signal = (state: string, errno: number) => `SIGNAL SQLSTATE '${state}' SET MYSQL_ERRNO = ${errno}`;
  const database = () => (test.dataSource.options.database as string) ?? '';

  it.each([
    ['a statement that is killed', 'KILL QUERY CONNECTION_ID()', 4],
    ['a statement over its time', 'SET STATEMENT max_statement_time = 0.01 FOR SELECT SLEEP(1)', 4],
    ['a user at the limit of connections', signal('42000', 1226), 4],
    ['a server at the limit of prepared statements', signal('42000', 1461), 4],
    ['a record that has changed', signal('HY000', 1020), 4],
    ['a node of a cluster that is not ready', signal('08S01', 1047), 4],
    ['a transaction that was rolled back', signal('40001', 1213), 4],
    ['a killed connection', 'KILL CONNECTION_ID()', 4],
    ['a table without room', signal('HY000', 1114), 1],
    ['a signal of a trigger', signal('45000', 1644), 1],
    ['an error that is not known', signal('ZZ999', 65_000), 1],
  ])('%s is a dependency that is down, after as many attempts as make sense', async (_what, statement, attempts) => {
    let runs = 0;
    const failing = transactions.run(async ({ manager }) => {
      runs += 1;
      await manager.query(statement);
    });
    await expect(failing).rejects.toThrow(ServiceUnavailable);
    expect(runs).toBe(attempts);
    expect((await test.requestOtp(phone)).status).toBe(200);
  });

  it.each([
    ['syntax', 'SELEC 1'],
    ['an unknown table', 'SELECT 1 FROM nothing'],
    ['an unknown column', 'SELECT nothing FROM account'],
    ['a constraint', signal('23000', 1048)],
    ['a value out of range', signal('22003', 1264)],
  ])('%s is a fault of ours', async (_what, statement) => {
    const failing = transactions.run(({ manager }) => manager.query(statement));
    await expect(failing).rejects.not.toThrow(ServiceUnavailable);
  });

  it('a fault that passes is not noticed by the caller', async () => {
    let runs = 0;
    const done = await transactions.run(async ({ manager }) => {
      runs += 1;
      if (runs === 1) await manager.query('KILL CONNECTION_ID()');
      return runs;
    });
    expect(done).toBe(2);
  });

  it('a commit whose answer is lost is not tried again: one session, and 503', async () => {
    const code = await test.obtainOtp(phone);
    proxy.cutAfter('COMMIT');
    const reply = await test.verify(phone, code);
    expect([reply.status, reply.text]).toEqual([503, unavailable]);
    proxy.reopen();
    expect(await test.dataSource.getRepository(Session).count()).toBe(1);
    expect((await test.verify(phone, code)).text).toBe('{"detail":"Invalid OTP"}');
    expect(await test.dataSource.getRepository(Session).count()).toBe(1);
  });

  it('a commit that was rolled back for certain is tried again', async () => {
    const code = await test.obtainOtp(phone);
    const failed = Object.assign(new Error(), { code: 'ER_ERROR_DURING_COMMIT', errno: 1180, sqlState: 'HY000' });
    const commit = jest.spyOn(Transaction.prototype, 'commit').mockRejectedValueOnce(failed);
    expect((await test.verify(phone, code)).status).toBe(200);
    commit.mockRestore();
    expect(await test.dataSource.getRepository(Session).count()).toBe(1);
  });

  it('all its connections can be killed at once', async () => {
    await openPool(test);
    const [rows] = await admin.query('SELECT id FROM information_schema.processlist WHERE db = ?', [database()]);
    const ids = (rows as { id: number }[]).map(({ id }) => id).filter((id) => id !== admin.threadId);
    expect(ids.length).toBeGreaterThanOrEqual(connections);
    // Some are gone by then: the service gives up the others when it sees the first one die.
    const gone = (error: { code?: string }) => expect(error.code).toBe('ER_NO_SUCH_THREAD');
    await Promise.all(ids.map((id) => admin.query(`KILL ${id}`).catch(gone)));
    const replies = await Promise.all(numbers(10).map((number) => test.requestOtp(number)));
    expect(replies.map(({ status }) => status)).toEqual(Array(10).fill(200));
  });

  it('tables can be changed under prepared statements', async () => {
    const alter = async (change: string) => {
      for (const table of ['account', 'otp_challenge', 'session', 'auth_event']) {
        await admin.query(`ALTER TABLE ${table} ${change}`);
      }
    };
    const signIns = numbers(8).map(async (number) => {
      const otp = await test.obtainOtp(number);
      return (await test.verify(number, otp)).status;
    });
    await alter('ADD COLUMN further int');
    await alter('MODIFY COLUMN further bigint');
    await alter('DROP COLUMN further');
    expect(await Promise.all(signIns)).toEqual(Array(8).fill(200));
    const otp = await test.obtainOtp(phone);
    expect((await test.verify(phone, otp)).status).toBe(200);
  });

  it('costs one request after it moved without a reset, not one for each dead connection', async () => {
    await openPool(test);
    proxy.moveServer();
    expect((await test.requestOtp(phone)).status).toBe(503);
    const replies = await Promise.all(numbers(connections).map((number) => test.requestOtp(number)));
    expect(replies.map(({ status }) => status)).toEqual(Array(connections).fill(200));
  });

  it('refuses at once what no connection could be had for in time, and forgets those that waited', async () => {
    await openPool(test);
    proxy.fallSilent();
    const reasons: string[] = [];
    const ask = () =>
      transactions
        .run(({ manager }) => manager.query('SELECT 1'))
        .catch((error: ServiceUnavailable) => reasons.push((error.cause as Error).message));
    const stalled = Array.from({ length: connections + 200 }, ask);
    await ask();
    await Promise.all(stalled);
    const full = '200 callers wait already';
    expect([reasons.length, reasons[0]]).toEqual([connections + 201, full]);
    // The service asks for connections of its own now and then, and may stand in the line.
    expect(reasons.filter((reason) => reason === full).length).toBeLessThan(5);
    proxy.moveServer();
    proxy.reopen();
    expect((await test.requestOtp(phone)).status).toBe(200);
  });

  it('lets those whose deadline is over leave the line', async () => {
    const runners = Array.from({ length: connections }, () => test.dataSource.createQueryRunner());
    await Promise.all(runners.map((runner) => runner.connect()));
    const ask = () => transactions.run(({ manager }) => manager.query<object[]>('SELECT 1 AS one'));
    const waiting = await Promise.allSettled(Array.from({ length: 200 }, ask));
    expect(new Set(waiting.map(({ status }) => status))).toEqual(new Set(['rejected']));
    const next = ask();
    await Promise.all(runners.map((runner) => runner.release()));
    expect(await next).toEqual([{ one: 1 }]);
  });

  it('keeps no connection that was asked for by a transaction that is over', async () => {
    await openPool(test);
    const held = Array.from({ length: connections }, () =>
      transactions.run(({ manager }) => manager.query('SELECT SLEEP(30)')).catch(() => undefined),
    );
    const waiting = Array.from({ length: connections }, () =>
      transactions.run(({ manager }) => manager.query('SELECT SLEEP(30)')).catch(() => undefined),
    );
    await Promise.all([...held, ...waiting]);
    await openPool(test);
    const runners = Array.from({ length: connections }, () => test.dataSource.createQueryRunner());
    const all = (await Promise.all(runners.map((runner) => runner.connect()))) as PoolConnection[];
    expect(new Set(all).size).toBe(connections);
    await Promise.all(runners.map((runner) => runner.release()));
  });
});

(hasMariaServer ? describe : describe.skip)('a server at its limits (skipped without mariadbd)', () => {
  let server: MariaServer;
  let test: TestApp;

  beforeAll(async () => {
    server = await MariaServer.start();
    const create = async () => {
      const url = new URL(await server.create());
      await server.query("CREATE USER hodi@'127.0.0.1'", `GRANT ALL ON \`hodi%\`.* TO hodi@'127.0.0.1'`);
      url.username = 'hodi';
      return url.href;
    };
    test = await TestApp.start({ name: 'MySQL', create });
  }, 60_000);
  beforeEach(() => test.reset());
  afterAll(async () => {
    await test.stop();
    await server.stop();
  });

  const killAll = () => server.query('FLUSH USER_RESOURCES', 'KILL USER hodi');

  it.each([
    ['prepared statements', 'SET GLOBAL max_prepared_stmt_count = 0', 'SET GLOBAL max_prepared_stmt_count = 16382'],
    ['a read-only server', 'SET GLOBAL read_only = 1', 'SET GLOBAL read_only = 0'],
    ['a locked account', "ALTER USER hodi@'127.0.0.1' ACCOUNT LOCK", "ALTER USER hodi@'127.0.0.1' ACCOUNT UNLOCK"],
    ['no rights', 'REVOKE ALL ON `hodi%`.* FROM hodi@127.0.0.1', 'GRANT ALL ON `hodi%`.* TO hodi@127.0.0.1'],
    [
      'statements over their time',
      "ALTER USER hodi@'127.0.0.1' WITH MAX_STATEMENT_TIME 0.000001",
      "ALTER USER hodi@'127.0.0.1' WITH MAX_STATEMENT_TIME 0",
    ],
    [
      'queries an hour',
      "ALTER USER hodi@'127.0.0.1' WITH MAX_QUERIES_PER_HOUR 1",
      "ALTER USER hodi@'127.0.0.1' WITH MAX_QUERIES_PER_HOUR 0",
    ],
  ])('%s: 503 with Retry-After, and 200 afterwards', async (_what, limit, lift) => {
    await server.query(limit);
    await killAll();
    const reply = await test.requestOtp(phone);
    await server.query(lift);
    await killAll();
    expect([reply.status, reply.text, reply.headers['retry-after']]).toEqual([503, unavailable, '5']);
    expect((await test.requestOtp(phone)).status).toBe(200);
  });

  it('connections of the user: no reply but 200 and 503, and 200 afterwards', async () => {
    await server.query("ALTER USER hodi@'127.0.0.1' WITH MAX_USER_CONNECTIONS 1");
    await killAll();
    const replies = await Promise.all(numbers(20).map((number) => test.requestOtp(number)));
    await server.query("ALTER USER hodi@'127.0.0.1' WITH MAX_USER_CONNECTIONS 0");
    await killAll();
    expect(replies.map(({ status }) => status).filter((status) => status !== 200 && status !== 503)).toEqual([]);
    expect((await test.requestOtp(phone)).status).toBe(200);
  });
});
