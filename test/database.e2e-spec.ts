import { setImmediate } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { Account } from '../src/account/account.entity';
import { readSettings } from '../src/settings/settings';
import { connectDatabase, databaseOptions } from '../src/database/data-source';
import { ServiceUnavailable } from '../src/error/refusal';
import { SmsDispatcher } from '../src/dispatch/sms-dispatcher';
import { SmsMessage } from '../src/sms/sms-message.entity';
import { Session } from '../src/session/session.entity';
import { TransactionRunner } from '../src/transaction/transaction-runner';
import { sqliteDriver } from '../src/database/sqlite-driver';
import { databases, mysql, sqlite } from './support/databases';
import { mysqlUrl, testEnvironment } from './support/environment';
import { ServiceProcess } from './support/service-process';
import { TcpProxy } from './simulator/tcp-proxy';
import { TestApp } from './support/test-app';

const Database = sqliteDriver();

const onMysql = mysqlUrl === undefined ? describe.skip : describe;
const phone = '+255679190720';

async function connect(databaseUrl: string): Promise<DataSource> {
  return connectDatabase(await databaseOptions(readSettings(testEnvironment({ DATABASE_URL: databaseUrl })).database));
}

const account = (number: number): Account => ({
  id: `account-${number}`,
  phoneNumber: `+${number}`,
  displayName: '',
  locale: '',
  importedUserId: null,
  knownClients: '{}',
  numberReleasedAt: null,
  createdAt: new Date(0),
  lastLoginAt: new Date(0),
});

describe.each(databases)('the schema on $name', (database) => {
  let dataSource: DataSource;
  beforeAll(async () => void (dataSource = await connect(await database.create())));
  afterAll(() => dataSource.destroy());

  it('is after all migrations what the entities say', async () => {
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });

  it('goes down to nothing and up again', async () => {
    for (let left = dataSource.migrations.length; left > 0; left--) await dataSource.undoLastMigration();
    await expect(dataSource.getRepository(Account).count()).rejects.toThrow();
    await dataSource.runMigrations();
    expect(await dataSource.getRepository(Account).count()).toBe(0);
  });
});

describe.each(databases)('transactions on $name', (database) => {
  let dataSource: DataSource;
  let transactions: TransactionRunner;

  beforeAll(async () => {
    dataSource = await connect(await database.create());
    transactions = new TransactionRunner(dataSource);
  });
  beforeEach(() => dataSource.getRepository(Account).clear());
  afterAll(() => dataSource.destroy());

  const stored = async () => (await dataSource.getRepository(Account).find()).map(({ id }) => id).sort();

  it('run side by side, 50 at once', async () => {
    const all = Array.from({ length: 50 }, (_, number) =>
      dataSource.transaction(async (manager) => {
        await manager.insert(Account, account(number));
        await setImmediate();
      }),
    );
    await Promise.all(all);
    expect(await stored()).toHaveLength(50);
  });

  it('do not take each other’s work along when one is rolled back', async () => {
    const failing = dataSource.transaction(async (manager) => {
      await manager.insert(Account, account(1));
      for (let turn = 0; turn < 20; turn++) await setImmediate();
      throw new Error('rolled back');
    });
    const plain = dataSource.getRepository(Account).insert(account(2));
    const committed = dataSource.transaction((manager) => manager.insert(Account, account(3)));

    await expect(failing).rejects.toThrow('rolled back');
    await Promise.all([plain, committed]);
    expect(await stored()).toEqual(['account-2', 'account-3']);
  });

  it('do not take along a query beside them that comes when they have begun', async () => {
    let plain: Promise<unknown> | undefined;
    const failing = dataSource.transaction(async (manager) => {
      await manager.insert(Account, account(1));
      plain = dataSource.getRepository(Account).insert(account(2));
      for (let turn = 0; turn < 20; turn++) await setImmediate();
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    await plain;
    expect((await dataSource.getRepository(Account).find()).map(({ id }) => id)).toEqual(['account-2']);
  });

  it('act afterwards only once committed', async () => {
    const acted: string[] = [];
    const failing = transactions.run(async (transaction) => {
      await transaction.manager.insert(Account, account(1));
      transaction.afterCommit(() => acted.push('rolled back'));
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    await transactions.run(async (transaction) => {
      transaction.afterCommit(() => acted.push('committed'));
      await transaction.manager.insert(Account, account(2));
      expect(acted).toEqual([]);
    });
    expect([acted, await stored()]).toEqual([['committed'], ['account-2']]);
  });

  it('tell rows matched, not rows changed', async () => {
    await dataSource.getRepository(Account).insert(account(1));
    const same = 'UPDATE account SET phone_number = ? WHERE id = ?';
    await transactions.run(async (transaction) => {
      expect((await transaction.execute(same, ['+1', 'account-1'])).affected).toBe(1);
      expect((await transaction.execute(same, ['+1', 'account-9'])).affected).toBe(0);
    });
  });

  it.each([
    ['a deadlock', { code: 'ER_LOCK_DEADLOCK' }, 4, ServiceUnavailable],
    ['anything else', { code: 'ER_PARSE_ERROR' }, 1, Error],
  ])('run again after %s: %j, %i times in all', async (_what, fault, times, refusal) => {
    let runs = 0;
    const failing = transactions.run(async () => {
      runs += 1;
      throw Object.assign(new Error('no'), fault);
    });
    await expect(failing).rejects.toThrow(refusal);
    expect(runs).toBe(times);
  });

  it('keep times to the millisecond, the same by statements and by entities', async () => {
    const time = new Date('2026-03-04T05:06:07.089Z');
    await dataSource.getRepository(Account).insert({ ...account(1), createdAt: time });
    const insert =
      "INSERT INTO account (id, phone_number, display_name, locale, created_at, last_login_at) VALUES (?, ?, '', '', ?, ?)";
    const { rows } = await transactions.run(async (transaction) => {
      await transaction.execute(insert, ['account-2', '+2', time, time]);
      return transaction.execute<{ id: string }>('SELECT id FROM account WHERE created_at = ? ORDER BY id', [time]);
    });
    expect(rows).toEqual([{ id: 'account-1' }, { id: 'account-2' }]);
    const written = await dataSource.getRepository(Account).find();
    expect(written.map(({ createdAt }) => createdAt)).toEqual([time, time]);
  });
});

onMysql('MySQL (skipped without TEST_MYSQL_URL)', () => {
  let dataSource: DataSource;
  let transactions: TransactionRunner;

  beforeAll(async () => {
    dataSource = await connect(await mysql.create());
    transactions = new TransactionRunner(dataSource);
  });
  beforeEach(async () => {
    await dataSource.getRepository(Account).clear();
    await dataSource.getRepository(Account).insert([account(1), account(2)]);
  });
  afterAll(() => dataSource.destroy());

  it('is read committed and waits a second for locks, on every connection of the pool', async () => {
    const asked = Array.from({ length: 40 }, () =>
      dataSource.query<object[]>("SHOW VARIABLES WHERE Variable_name IN ('tx_isolation', 'innodb_lock_wait_timeout')"),
    );
    for (const variables of await Promise.all(asked)) {
      expect(variables).toEqual([
        { Variable_name: 'innodb_lock_wait_timeout', Value: '1' },
        { Variable_name: 'tx_isolation', Value: 'READ-COMMITTED' },
      ]);
    }
  });

  it('goes on with the same connection after a transaction', async () => {
    const id = () => transactions.run(({ manager }) => manager.query<object[]>('SELECT CONNECTION_ID() AS id'));
    expect(await id()).toEqual(await id());
  });

  it('lets both of two deadlocked transactions through, one of them at its second try', async () => {
    let runs = 0;
    let waiting = 0;
    const touch = (first: number, second: number) =>
      transactions.run(async (transaction) => {
        runs += 1;
        const update = 'UPDATE account SET last_login_at = ? WHERE id = ?';
        await transaction.execute(update, [new Date(1000), account(first).id]);
        waiting += 1;
        while (waiting < 2) await setImmediate();
        await transaction.execute(update, [new Date(2000), account(second).id]);
      });
    await Promise.all([touch(1, 2), touch(2, 1)]);
    expect(runs).toBe(3);
  });

  it('is given up on when it does not answer in time, and then goes on', async () => {
    const slow = transactions.run((transaction) => transaction.execute('SELECT SLEEP(30)', []));
    await expect(slow).rejects.toThrow(ServiceUnavailable);
    expect(await dataSource.getRepository(Account).count()).toBe(2);
  });

  it('makes a lost connection a dependency that is down', async () => {
    const lost = transactions.run((transaction) => transaction.execute('KILL CONNECTION_ID()', []));
    await expect(lost).rejects.toThrow(ServiceUnavailable);
    expect(await dataSource.getRepository(Account).count()).toBe(2);
  });

  it('compares numbers and ids letter by letter', async () => {
    const found = await dataSource.getRepository(Account).findBy({ id: 'ACCOUNT-1' });
    expect(found).toEqual([]);
  });

  it('is brought up to date by one of two nodes that start together', async () => {
    const url = await mysql.create();
    const nodes = await Promise.all([1, 2].map(() => ServiceProcess.start({ DATABASE_URL: url })));
    expect(await Promise.all(nodes.map((node) => node.stop()))).toEqual([0, 0]);
  });

  it.each(['cut', 'fallSilent'] as const)(
    'that is out of reach (%s) makes 503, and 200 once it is back',
    async (trouble) => {
      const url = await mysql.create();
      const proxy = await TcpProxy.to(url);
      const test = await TestApp.start({ ...mysql, create: async () => proxy.through(url) });
      const code = await test.obtainOtp(phone);
      proxy[trouble]();
      test.app.get(SmsDispatcher).wake();
      for (const reply of await Promise.all([test.requestOtp('+255754000001'), test.verify(phone, code)])) {
        expect([reply.status, reply.text]).toEqual([
          503,
          '{"detail":"Service temporarily unavailable, try again later."}',
        ]);
        expect(reply.headers['retry-after']).toBe('5');
      }
      expect((await test.send({ method: 'GET', path: '/health/live/' })).status).toBe(200);
      expect((await test.send({ method: 'GET', path: '/health/ready/' })).text).toContain('"database":"down"');
      proxy.reopen();
      expect((await test.verify(phone, code)).status).toBe(200);
      expect(test.inbox.texts).toHaveLength(1);
      expect(await test.obtainOtp('+255754000002')).toMatch(/^\d{6}$/);
      await test.stop();
      proxy.close();
    },
  );
});

describe('SQLite in trouble', () => {
  let test: TestApp;
  let file: string;
  beforeEach(async () => {
    const url = await sqlite.create();
    file = url.slice('sqlite:'.length);
    test = await TestApp.start({ ...sqlite, create: async () => url });
  });
  afterEach(() => test.stop());

  it('makes 503 while another process writes to the file, and goes on afterwards', async () => {
    const code = await test.obtainOtp(phone);
    const other = new Database(file);
    other.exec('BEGIN IMMEDIATE');
    expect((await test.verify(phone, code)).status).toBe(503);
    other.exec('ROLLBACK');
    other.close();
    expect((await test.verify(phone, code)).status).toBe(200);
  });

  it('makes 503 when the disk is full, leaves nothing half made, and goes on when there is room', async () => {
    const code = await test.obtainOtp(phone);
    const full = (pages: number) => test.dataSource.query(`PRAGMA max_page_count = ${pages}`);
    await full(1);
    // A session fits into pages that are there; enough of them do not.
    let reply = await test.requestOtp('+255754000001');
    for (let number = 10; reply.status === 200 && number < 99; number++)
      reply = await test.requestOtp(`+2557540000${number}`);
    await test.textsSent();
    expect(reply.status).toBe(503);
    const messages = await test.dataSource.getRepository(SmsMessage).count();
    await full(1_000_000);
    expect(messages).toBe(test.inbox.texts.length);
    expect((await test.verify(phone, code)).status).toBe(200);
    expect(await test.dataSource.getRepository(Session).count()).toBe(1);
  });
});

describe('SQLite', () => {
  let dataSource: DataSource;
  let file: string;

  beforeEach(async () => {
    const url = await sqlite.create();
    file = url.slice('sqlite:'.length);
    dataSource = await connect(url);
  });
  afterEach(() => dataSource.destroy());

  it('is kept from other processes from the beginning of a transaction, not from its first write', async () => {
    const other = new Database(file, { timeout: 0 });
    await new TransactionRunner(dataSource).run(async (transaction) => {
      await transaction.execute('SELECT id FROM account', []);
      expect(() => other.exec('DELETE FROM account')).toThrow('database is locked');
    });
    other.exec('DELETE FROM account');
    other.close();
  });
  it('forgets a transaction whose runner is released before its end', async () => {
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.manager.insert(Account, account(1));
    await runner.release();
    expect(await dataSource.getRepository(Account).count()).toBe(0);
  });
  it('writes every commit to the disk, beside a log', async () => {
    expect(await dataSource.query('PRAGMA synchronous')).toEqual([{ synchronous: 2 }]);
    expect(await dataSource.query('PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }]);
  });
});
