import type { Database } from 'better-sqlite3';
import type { PoolConnection } from 'mysql2';
import type { EntityManager, QueryRunner } from 'typeorm';
import { runOnMysql, runOnSqlite, type SqlValue, type StatementResult } from './statement';

/**
 * One open transaction. Hot paths send guarded statements, everything else goes by entities, all on the same
 * connection. Statements are written so that both databases understand them; values are always bound.
 */
export class Transaction {
  private readonly afterwards: (() => void)[] = [];

  constructor(private readonly runner: QueryRunner) {}

  get manager(): EntityManager {
    return this.runner.manager;
  }

  /** Whether rows can be locked one by one; SQLite lets one transaction write at a time anyway. */
  get locksRows(): boolean {
    return this.runner.dataSource.options.type !== 'better-sqlite3';
  }

  async execute<Row = never>(sql: string, values: SqlValue[]): Promise<StatementResult<Row>> {
    const connection = (await this.runner.connect()) as PoolConnection | Database;
    return 'execute' in connection ? runOnMysql(connection, sql, values) : runOnSqlite(connection, sql, values);
  }

  /** For what may only happen once others can see what was written; a rollback forgets it. */
  afterCommit(action: () => void): void {
    this.afterwards.push(action);
  }

  async commit(): Promise<void> {
    await this.runner.commitTransaction();
    this.afterwards.forEach((action) => action());
  }
}
