import { createPool, type PoolConnection } from 'mysql2';
import { sqliteDriver } from '../src/database/sqlite-driver';
import type { SentStatement, SentValue } from './statement-watch';

/** Sends a recorded request's statements one after another. */
export interface BareDatabase {
  /** @throws Error if a write does not affect as many rows as it did when it was recorded */
  replay(statements: readonly SentStatement[], swap: (value: SentValue) => SentValue): Promise<void>;
}

/** @param url as `DATABASE_URL` */
export function bareDatabase(url: string): BareDatabase {
  return url.startsWith('sqlite:') ? bareSqlite(url.slice('sqlite:'.length)) : bareMysql(url);
}

function bareSqlite(file: string): BareDatabase {
  const database = new (sqliteDriver())(file);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  const prepared = new Map<string, ReturnType<typeof database.prepare<unknown[]>>>();
  const run = ({ sql }: SentStatement, values: SentValue[]): number | undefined => {
    const statement = prepared.get(sql) ?? database.prepare<unknown[]>(sql);
    prepared.set(sql, statement);
    if (!statement.reader) return statement.run(...values).changes;
    statement.all(...values);
    return undefined;
  };
  return {
    // One transaction after another, as none waits in between.
    async replay(statements, swap) {
      for (const statement of statements) {
        if (statement.prepared) check(statement, run(statement, statement.values.map(swap)));
        else database.exec(statement.sql);
      }
    },
  };
}

function bareMysql(uri: string): BareDatabase {
  const pool = createPool({ uri, connectionLimit: 20, timezone: 'Z' });
  pool.on('connection', (connection) => connection.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED'));
  return {
    async replay(statements, swap) {
      const connection = await connect(pool);
      for (const statement of statements) {
        check(statement, await runOn(connection, statement, statement.values.map(swap)));
      }
      connection.release();
    },
  };
}

const connect = (pool: ReturnType<typeof createPool>) =>
  new Promise<PoolConnection>((resolve, reject) =>
    pool.getConnection((error, connection) => (error ? reject(error) : resolve(connection))),
  );

function runOn(connection: PoolConnection, { sql, prepared }: SentStatement, values: SentValue[]) {
  return new Promise<number | undefined>((resolve, reject) => {
    const done = (error: Error | null, result: unknown) =>
      error ? reject(error) : resolve((result as { affectedRows?: number }).affectedRows);
    if (prepared) connection.execute(sql, values, done);
    else connection.query(sql, values, done);
  });
}

function check({ sql, affected }: SentStatement, got: number | undefined): void {
  if (affected !== undefined && affected !== got) throw new Error(`${got} rows instead of ${affected}: ${sql}`);
}
