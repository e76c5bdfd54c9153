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
    await this.execute(insertText(metadata), rowValues(metadata, row));
  }

  /**
   * Adds one row if a condition holds, both in one statement.
   * @param row every column of it
   * @returns false, with nothing changed, if the condition does not hold
   */
  async insertIf<Row extends object>(
    entity: EntityTarget<Row>,
    row: Row,
    { where, values }: { where: string; values: SqlValue[] },
  ): Promise<boolean> {
    const metadata = this.runner.dataSource.getMetadata(entity);
    const { affected } = await this.execute(insertIfText(metadata, where), [...rowValues(metadata, row), ...values]);
    return affected === 1;
  }

  /**
   * Reads one row by the values of some of its columns, as TypeORM's `findOneBy`, without the cost of that.
   * @param where every value is there, and none is null
   * @returns null if there is no such row
   */
  async findOne<Row extends object>(entity: EntityTarget<Row>, where: Partial<Row>): Promise<Row | null> {
    const { driver } = this.runner.dataSource;
    const metadata = this.runner.dataSource.getMetadata(entity);
    const { rows } = await this.execute<Row>(
      selectText(metadata, Object.keys(where)),
      Object.values(where) as SqlValue[],
    );
    const [row] = rows;
    if (row === undefined) return null;
    for (const column of metadata.columns) {
      const name = column.propertyName as keyof Row;
      row[name] = driver.prepareHydratedValue(row[name], column) as Row[keyof Row];
    }
    return row;
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

function rowValues<Row extends object>({ columns }: EntityMetadata, row: Row): SqlValue[] {
  return columns.map(({ propertyName }) => asSqlValue(row[propertyName as keyof Row]));
}

function asSqlValue(value: unknown): SqlValue {
  return typeof value === 'boolean' ? Number(value) : (value as SqlValue);
}

/** Texts of statements, each made once for its entity. */
const texts = new WeakMap<EntityMetadata, Map<string, string>>();

function textOf(metadata: EntityMetadata, key: string, make: () => string): string {
  const known = texts.get(metadata) ?? new Map<string, string>();
  texts.set(metadata, known);
  const text = known.get(key) ?? make();
  known.set(key, text);
  return text;
}

function insertText(metadata: EntityMetadata): string {
  return textOf(metadata, 'insert', () => `${insertInto(metadata)} VALUES (${placeholders(metadata)})`);
}

/** A row of constants, as neither database takes a condition after `VALUES`. */
function insertIfText(metadata: EntityMetadata, where: string): string {
  const rest = () => `SELECT ${placeholders(metadata)} FROM (SELECT 1 AS one) AS one WHERE ${where}`;
  return textOf(metadata, `insert if ${where}`, () => `${insertInto(metadata)} ${rest()}`);
}

function selectText(metadata: EntityMetadata, names: string[]): string {
  return textOf(metadata, `select by ${names.join()}`, () => {
    const columns = metadata.columns.map(({ databaseName, propertyName }) => `${databaseName} AS ${propertyName}`);
    const wanted = names.map((name) => `${metadata.findColumnWithPropertyName(name)!.databaseName} = ?`);
    return `SELECT ${columns.join(', ')} FROM ${metadata.tableName} WHERE ${wanted.join(' AND ')} LIMIT 1`;
  });
}

function insertInto({ tableName, columns }: EntityMetadata): string {
  return `INSERT INTO ${tableName} (${columns.map(({ databaseName }) => databaseName).join(', ')})`;
}

function placeholders({ columns }: EntityMetadata): string {
  return columns.map(() => '?').join(', ');
}
