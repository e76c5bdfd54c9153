import type { Database } from 'better-sqlite3';
import type { PoolConnection } from 'mysql2';
import type { EntityManager, QueryRunner } from 'typeorm';
import { DatabaseUnavailable } from './database-fault';
import { runOnMysql, runOnSqlite, type SqlValue, type StatementResult } from './statement';

/**
 * One open transaction. Hot paths send guarded statements, everything else goes by entities, all on the same
 * connection. Statements are written so that both databases understand them; values are always bound.
 */
export class Transaction {
  private readonly afterwards: (() => void)[] = [];

  /** @param connection of the runner */
  constructor(
    private readonly runner: QueryRunner,
    private readonly connection: PoolConnection | Database,
  ) {}

  get manager(): EntityManager {
    // Made when it is asked for: hot paths do without.
    (this.runner as { manager?: EntityManager }).manager ??= this.runner.dataSource.createEntityManager(this.runner);
    return this.runner.manager;
  }

  /** Whether rows can be locked one by one; SQLite lets one transaction write at a time anyway. */
  get locksRows(): boolean {
    return this.isOnServer;
  }

  /** Whether the database may be on another machine, with a clock of its own. */
  get isOnServer(): boolean {
    return this.runner.dataSource.options.type !== 'better-sqlite3';
  }

  /** @throws DatabaseUnavailable (rejects) once the transaction was given up */
  async execute<Row = never>(sql: string, values: SqlValue[]): Promise<StatementResult<Row>> {
    if (this.runner.isReleased) throw new DatabaseUnavailable('the transaction was given up');
    return 'execute' in this.connection
      ? runOnMysql(this.connection, sql, values)
      : runOnSqlite(this.connection, sql, values);
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
