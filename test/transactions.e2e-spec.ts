import type { DataSource } from 'typeorm';
import { Account } from '../src/account/account.entity';
import { readSettings } from '../src/settings/settings';
import { connectDatabase, databaseOptions } from '../src/database/data-source';
import { InvalidOtp, ServiceUnavailable, Throttled } from '../src/error/refusal';
import { Session } from '../src/session/session.entity';
import type { Transaction } from '../src/transaction/transaction';
import { TransactionRunner } from '../src/transaction/transaction-runner';
import { databases } from './support/databases';
import { testEnvironment } from './support/environment';

describe.each(databases)('a transaction on $name', (database) => {
  let dataSource: DataSource;
  let transactions: TransactionRunner;
  let acted: string[];

  beforeAll(async () => {
    dataSource = await connectDatabase(
      await databaseOptions(readSettings(testEnvironment({ DATABASE_URL: await database.create() })).database),
    );
    transactions = new TransactionRunner(dataSource);
  });
  beforeEach(async () => {
    acted = [];
    await dataSource.getRepository(Account).clear();
  });
  afterAll(() => dataSource.destroy());

  const write = async (transaction: Transaction, number = 1) => {
    const now = new Date(0);
    await transaction.execute(
      `INSERT INTO account (id, phone_number, display_name, locale, created_at, last_login_at)
       VALUES (?, ?, '', '', ?, ?)`,
      [`account-${number}`, `+${number}`, now, now],
    );
    transaction.afterCommit(() => acted.push('acted'));
  };
  const outcome = async () => ({ rows: await dataSource.getRepository(Account).count(), acted });
  const committed = { rows: 1, acted: ['acted'] };
  const rolledBack = { rows: 0, acted: [] };

  it('commits what was written before a refusal, and throws that very refusal', async () => {
    const refusal = new Throttled(7);
    const refused = transactions.run(async (transaction) => {
      await write(transaction);
      throw refusal;
    });
    await expect(refused).rejects.toBe(refusal);
    expect(await outcome()).toEqual(committed);
  });

  it('throws a refusal only once others see what was committed', async () => {
    const seen = transactions
      .run(async (transaction) => {
        await write(transaction);
        throw new InvalidOtp();
      })
      .catch(outcome);
    expect(await seen).toEqual(committed);
  });

  it('rolls back for a refusal that says so, and throws that very refusal', async () => {
    const refusal = new InvalidOtp();
    const refused = transactions.run(async (transaction) => {
      await write(transaction);
      throw transaction.rollingBack(refusal);
    });
    await expect(refused).rejects.toBe(refusal);
    expect(await outcome()).toEqual(rolledBack);
  });

  it.each([
    ['any other error', new Error('no'), Error],
    ['a dependency that is down', new ServiceUnavailable(), ServiceUnavailable],
  ])('rolls back for %s', async (_what, error, thrown) => {
    const failed = transactions.run(async (transaction) => {
      await write(transaction);
      throw error;
    });
    await expect(failed).rejects.toThrow(thrown);
    expect(await outcome()).toEqual(rolledBack);
  });

  it('runs again if the commit of a refusal fails, and commits once', async () => {
    let runs = 0;
    const refused = transactions.run(async (transaction) => {
      runs += 1;
      if (runs === 1) jest.spyOn(transaction, 'commit').mockRejectedValueOnce(deadlock());
      await write(transaction);
      throw new InvalidOtp();
    });
    await expect(refused).rejects.toThrow(InvalidOtp);
    expect(runs).toBe(2);
    expect(await outcome()).toEqual(committed);
  });

  it('refuses with 503 if the commit of a refusal fails for good', async () => {
    const refused = transactions.run(async (transaction) => {
      jest.spyOn(transaction, 'commit').mockRejectedValueOnce(deadlock());
      await write(transaction);
      throw new InvalidOtp();
    });
    await expect(refused).rejects.toThrow(ServiceUnavailable);
    expect(await outcome()).toEqual(rolledBack);
  });

  it('adds a row that reads back as it was given, every column of it', async () => {
    const row: Session = {
      ...{ id: 'session-1', accountId: 'account-1', refreshJti: 'a', previousJti: null, newMember: true },
      ...{ createdAt: new Date(1), rotatedAt: new Date(2), expiresAt: new Date(3), absoluteExpiresAt: new Date(4) },
      ...{ revokedAt: new Date(5), revokedWhy: 'closed', ip: '203.0.113.0', userAgent: 'Ünï', importedJti: null },
      ...{ idempotencyKey: null, idempotencyBody: 'b', idempotencyMismatches: 3 },
    };
    await transactions.run((transaction) => transaction.insert(Session, row));
    expect(await dataSource.getRepository(Session).find()).toEqual([row]);
    const read = (where: Partial<Session>) => transactions.read((transaction) => transaction.findOne(Session, where));
    expect(await read({ id: 'session-1', accountId: 'account-1' })).toEqual(row);
    expect(await read({ id: 'session-1', accountId: 'account-2' })).toBeNull();
    const add = (id: string, most: number) =>
      transactions.run((transaction) =>
        transaction.insertIf(Session, { ...row, id }, { where: '(SELECT COUNT(*) FROM session) < ?', values: [most] }),
      );
    expect([await add('session-2', 1), await add('session-3', 2)]).toEqual([false, true]);
    expect(await read({ id: 'session-2' })).toBeNull();
    expect(await read({ id: 'session-3' })).toEqual({ ...row, id: 'session-3' });
  });

  it('counts every one of 50 refusals side by side', async () => {
    await transactions.run((transaction) => write(transaction));
    await dataSource.getRepository(Account).update('account-1', { displayName: '' });
    const count = "UPDATE account SET display_name = CONCAT(display_name, 'x') WHERE id = ?";
    const onSqlite = "UPDATE account SET display_name = display_name || 'x' WHERE id = ?";
    const refused = Array.from({ length: 50 }, () =>
      transactions.run(async (transaction) => {
        await transaction.execute(transaction.isOnServer ? count : onSqlite, ['account-1']);
        throw new InvalidOtp();
      }),
    );
    const outcomes = await Promise.allSettled(refused);
    expect(outcomes.map((it) => (it.status === 'rejected' ? (it.reason as unknown) : it))).toEqual(
      Array.from({ length: 50 }, () => new InvalidOtp()),
    );
    const { displayName } = await dataSource.getRepository(Account).findOneByOrFail({ id: 'account-1' });
    expect(displayName).toHaveLength(50);
  });
});

const deadlock = () => Object.assign(new Error('no'), { code: 'ER_LOCK_DEADLOCK' });
