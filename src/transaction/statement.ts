import type { Database, Statement } from 'better-sqlite3';
import type { PoolConnection } from 'mysql2';
import { DateUtils } from 'typeorm/util/DateUtils';

export type SqlValue = string | number | Date | null;

export interface StatementResult<Row> {
  /** Rows that the `where` of an update matched, or that an insert added; on MySQL too, matched rather than changed. */
  affected: number;
  rows: Row[];
}

/** By mysql2's `execute`, which prepares a statement once a connection and then sends only its values. */
export function runOnMysql<Row>(
  connection: PoolConnection,
  sql: string,
  values: SqlValue[],
): Promise<StatementResult<Row>> {
  return new Promise((resolve, reject) =>
    connection.execute(sql, values, (error, result) => {
      if (error) reject(error);
      else if (Array.isArray(result)) resolve({ affected: 0, rows: result as Row[] });
      else resolve({ affected: result.affectedRows, rows: [] });
    }),
  );
}

/** @returns the time in a column that `execute` has read: SQLite tells it as it was written, in UTC without saying so */
export function timeIn(value: string | Date): Date {
  return value instanceof Date ? value : new Date(`${value.replace(' ', 'T')}Z`);
}

/** Prepared once a connection: statements are texts in the source, so there are only so many. */
const prepared = new WeakMap<Database, Map<string, Statement<unknown[]>>>();

export function runOnSqlite<Row>(connection: Database, sql: string, values: SqlValue[]): StatementResult<Row> {
  const statements = prepared.get(connection) ?? new Map<string, Statement<unknown[]>>();
  prepared.set(connection, statements);
  const statement = statements.get(sql) ?? connection.prepare(sql);
  statements.set(sql, statement);
  const bound = values.map(asText);
  if (statement.reader) return { affected: 0, rows: statement.all(...bound) as Row[] };
  return { affected: statement.run(...bound).changes, rows: [] };
}

/** SQLite keeps a time as text; this is the form in which TypeORM writes it, so that both compare. */
function asText(value: SqlValue): string | number | null {
  return value instanceof Date ? (DateUtils.mixedDateToUtcDatetimeString(value) as string) : value;
}
