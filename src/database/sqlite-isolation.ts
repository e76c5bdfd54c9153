import { Mutex, withTimeout } from 'async-mutex';
import type { Database } from 'better-sqlite3';
import type { DataSource } from 'typeorm';
import type { BetterSqlite3Driver } from 'typeorm/driver/better-sqlite3/BetterSqlite3Driver';
import { BetterSqlite3QueryRunner } from 'typeorm/driver/better-sqlite3/BetterSqlite3QueryRunner';

/** Longer than any transaction; only a query that waits for its own transaction, through another manager, meets it. */
const patienceMilliseconds = 5_000;

/**
 * TypeORM gives all managers one query runner on SQLite, so that transactions that run side by side share one
 * `BEGIN`: a rollback of one takes the committed work of others with it. Here each gets a runner of its own, and the
 * single connection belongs to one transaction, or to one query outside any, at a time.
 */
export function isolateTransactions(dataSource: DataSource): void {
  const driver = dataSource.driver as BetterSqlite3Driver;
  const turn = withTimeout(new Mutex(), patienceMilliseconds, new Error('SQLite: no turn for a query within 5 s'));
  driver.createQueryRunner = () => new IsolatedQueryRunner(driver, turn);
}

class IsolatedQueryRunner extends BetterSqlite3QueryRunner {
  private endTurn?: () => void;

  constructor(
    driver: BetterSqlite3Driver,
    private readonly turn: Pick<Mutex, 'acquire' | 'runExclusive'>,
  ) {
    super(driver);
  }

  override async startTransaction(): Promise<void> {
    if (this.endTurn === undefined) this.endTurn = await this.turn.acquire();
    await super.startTransaction().finally(() => this.endTurnUnlessInTransaction());
  }

  override async commitTransaction(): Promise<void> {
    await super.commitTransaction().finally(() => this.endTurnUnlessInTransaction());
  }

  override async rollbackTransaction(): Promise<void> {
    await super.rollbackTransaction().finally(() => this.endTurnUnlessInTransaction());
  }

  override async release(): Promise<void> {
    if (this.endTurn !== undefined && this.sqlite.inTransaction) this.sqlite.exec('ROLLBACK');
    this.endTurnUnlessInTransaction();
    await super.release();
  }

  /* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-argument -- TypeORM's own signature */
  override async query(query: string, parameters?: any[], useStructuredResult?: any): Promise<any> {
    if (this.endTurn !== undefined) {
      // Immediately, as other processes may write to the file: a transaction that first reads could not begin to
      // write once they have.
      const statement = query === 'BEGIN TRANSACTION' ? 'BEGIN IMMEDIATE TRANSACTION' : query;
      return super.query(statement, parameters, useStructuredResult);
    }
    return this.turn.runExclusive(() => super.query(query, parameters, useStructuredResult));
  }
  /* eslint-enable */

  /** The connection knows best: a full disk, for one, ends a transaction without anybody's asking. */
  private endTurnUnlessInTransaction(): void {
    if (this.sqlite.inTransaction) return;
    this.endTurn?.();
    this.endTurn = undefined;
  }

  private get sqlite(): Database {
    return this.driver.databaseConnection as Database;
  }
}
