import type { Database } from 'better-sqlite3';
import { setTimeout } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import type { BetterSqlite3Driver } from 'typeorm/driver/better-sqlite3/BetterSqlite3Driver';
import { BetterSqlite3QueryRunner } from 'typeorm/driver/better-sqlite3/BetterSqlite3QueryRunner';
import { DatabaseUnavailable, isLocked } from '../transaction/database-fault';
import { Turns, type Turn } from './turns';

/** Callers that wait for their turn; more would not get it within their deadline. */
const longestLine = 1_000;

const retryMilliseconds = 10;
/** 5 s in all; a transaction is given up at its own deadline before. */
const retries = 500;

/**
 * Waits for a lock of another process without holding up this one: SQLite's own `busy_timeout` blocks the event loop.
 * @throws SqliteError after 5 s; DatabaseUnavailable once `isOver`
 */
export async function untilUnlocked<T>(action: () => T | Promise<T>, isOver = () => false): Promise<T> {
  for (let left = retries; ; left--) {
    if (isOver()) throw new DatabaseUnavailable('the runner was released');
    try {
      return await action();
    } catch (error) {
      if (!isLocked(error) || left === 0) throw error;
    }
    await setTimeout(retryMilliseconds);
  }
}

/**
 * TypeORM gives all managers one query runner on SQLite, so that transactions that run side by side share one
 * `BEGIN`: a rollback of one takes the committed work of others with it. Here each gets a runner of its own, and the
 * single connection belongs to one transaction, or to one query outside any, at a time.
 */
export function isolateTransactions(dataSource: DataSource): void {
  const driver = dataSource.driver as BetterSqlite3Driver;
  const turns = new Turns(1, longestLine);
  driver.createQueryRunner = () => new IsolatedQueryRunner(driver, turns);
}

class IsolatedQueryRunner extends BetterSqlite3QueryRunner {
  private turn?: Turn;

  constructor(
    driver: BetterSqlite3Driver,
    private readonly turns: Turns,
  ) {
    super(driver);
  }

  override async startTransaction(): Promise<void> {
    if (this.transactionDepth > 0) return super.startTransaction();
    this.turn = this.turns.take();
    await this.begun(this.turn);
    try {
      // Immediately, as other processes may write to the file: a transaction that first reads could not begin to
      // write once they have.
      await this.exec('BEGIN IMMEDIATE TRANSACTION');
    } finally {
      this.endTurnUnlessInTransaction();
    }
    this.isTransactionActive = true;
    this.transactionDepth = 1;
  }

  override async commitTransaction(): Promise<void> {
    if (this.transactionDepth !== 1) return super.commitTransaction();
    await this.finish('COMMIT');
  }

  override async rollbackTransaction(): Promise<void> {
    if (this.transactionDepth !== 1) return super.rollbackTransaction();
    await this.finish('ROLLBACK');
  }

  /** In any state: leaves the line, or ends the transaction. */
  override async release(): Promise<void> {
    this.isReleased = true;
    if (this.transactionDepth > 0 && this.sqlite.inTransaction) this.sqlite.exec('ROLLBACK');
    this.transactionDepth = 0;
    this.turn?.end();
    await super.release();
  }

  /* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-argument -- TypeORM's own signature */
  override async query(query: string, parameters?: any[], useStructuredResult?: any): Promise<any> {
    if (this.transactionDepth > 0) return super.query(query, parameters, useStructuredResult);
    const turn = this.turns.take();
    await this.begun(turn);
    try {
      return await this.untilUnlocked(() => super.query(query, parameters, useStructuredResult));
    } finally {
      turn.end();
    }
  }
  /* eslint-enable */

  private async finish(command: string): Promise<void> {
    try {
      await this.exec(command);
    } finally {
      this.endTurnUnlessInTransaction();
    }
  }

  private exec(command: string): Promise<void> {
    return this.untilUnlocked(() => void this.sqlite.exec(command));
  }

  private untilUnlocked<T>(action: () => T | Promise<T>): Promise<T> {
    return untilUnlocked(action, () => this.isReleased);
  }

  /** @throws DatabaseUnavailable */
  private async begun(turn: Turn): Promise<void> {
    await turn.begun;
    if (this.sqlite.open) return;
    turn.end();
    throw new DatabaseUnavailable('the database is closed');
  }

  /** The connection knows best: a full disk, for one, ends a transaction without anybody's asking. */
  private endTurnUnlessInTransaction(): void {
    if (this.sqlite.inTransaction) return;
    this.transactionDepth = 0;
    this.isTransactionActive = false;
    this.turn?.end();
  }

  private get sqlite(): Database {
    return this.driver.databaseConnection as Database;
  }
}
