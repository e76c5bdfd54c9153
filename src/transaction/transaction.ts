import type { Database } from 'better-sqlite3';
import type { PoolConnection } from 'mysql2';
import type { EntityManager, EntityMetadata, EntityTarget, QueryRunner } from 'typeorm';
import type { Refusal } from '../error/refusal';
import { DatabaseUnavailable } from './database-fault';
import { runOnMysql, runOnSqlite, type SqlValue, type StatementResult } from './statement';

/** Holds a refusal whose transaction must leave nothing behind; made by `Transaction.rollingBack`. */
export class RollBack extends Error {
  constructor(readonly refusal: Refusal) {
    super();
  }
}

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

  /**
   * Adds one row, by a prepared statement whose columns are those of the entity: a hot path gets no slower for it.
   * @param row every column of it
   */
  async insert<Row extends object>(entity: EntityTarget<Row>, row: Row): Promise<void> {
    const metadata = this.runner.dataSource.getMetadata(entity);
    const values = metadata.columns.map(({ propertyName }) => asSqlValue(row[propertyName as keyof Row]));
    await this.execute(insertText(metadata), values);
  }

  /** For what may only happen once others can see what was written; a rollback forgets it. */
  afterCommit(action: () => void): void {
    this.afterwards.push(action);
  }

  /**
   * A refusal that is thrown commits what was done before it, so that a counted guess stays counted. This is for one that
   * must undo it: `throw transaction.rollingBack(new InvalidOtp())`.
   * @returns what the work is to throw; the caller of `run` gets the refusal itself
   */
  rollingBack(refusal: Refusal): RollBack {
    return new RollBack(refusal);
  }

  async commit(): Promise<void> {
    await this.runner.commitTransaction();
    this.afterwards.forEach((action) => action());
  }
}

function asSqlValue(value: unknown): SqlValue {
  return typeof value === 'boolean' ? Number(value) : (value as SqlValue);
}

/** Made once for each entity: a sign-in inserts two rows. */
const insertTexts = new WeakMap<EntityMetadata, string>();

function insertText(metadata: EntityMetadata): string {
  const known = insertTexts.get(metadata);
  if (known !== undefined) return known;
  const names = metadata.columns.map(({ databaseName }) => databaseName);
  const text = `INSERT INTO ${metadata.tableName} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`;
  insertTexts.set(metadata, text);
  return text;
}
