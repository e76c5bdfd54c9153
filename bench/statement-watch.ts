import mysql2 from 'mysql2';
import { sqliteDriver } from '../src/database/sqlite-driver';

export type SentValue = string | number | bigint | boolean | Date | Buffer | null;

/** A statement as the service gave it to the driver. */
export interface SentStatement {
  sql: string;
  values: SentValue[];
  /** On MySQL: whether it went by `execute`, which prepares it, rather than by `query`. */
  prepared: boolean;
  /** Rows that a write matched or added, once the database has answered; undefined for one that returned rows, or failed. */
  affected?: number;
}

type Listener = (statement: SentStatement) => unknown;
type Method = (this: unknown, ...given: unknown[]) => unknown;
type Methods = Record<string, Method>;

/**
 * Tells of each statement that this process gives to mysql2 or better-sqlite3, just before it is sent. Connections that
 * were made before are told of in part only: begin before the service does.
 * @returns ends it: the drivers are as they were before
 */
export function watchStatements(listener: Listener): () => void {
  let watching = true;
  // A connection of the service keeps the methods that it found when it was made.
  const tell: Listener = (statement) => watching && listener(statement);
  const undo = [...watchMysql(tell), ...watchSqlite(tell)];
  return () => {
    watching = false;
    undo.forEach((it) => it());
  };
}

function watchMysql(listener: Listener): (() => void)[] {
  const { prototype } = (mysql2 as unknown as { Connection: { prototype: object } }).Connection;
  const connections = Object.getPrototypeOf(prototype) as Methods;
  return ['query', 'execute'].map((name) =>
    wrap(connections, name, (original) => {
      return function (text, values, done) {
        const given = Array.isArray(values) ? (values as SentValue[]) : [];
        const statement: SentStatement = { sql: textOf(text), values: given, prepared: name === 'execute' };
        listener(statement);
        return original.apply(this, [text, values, done].map(withAffected(statement)));
      };
    }),
  );
}

/** mysql2 takes the text alone, or options that hold it. */
function textOf(text: unknown): string {
  return typeof text === 'string' ? text : (text as { sql: string }).sql;
}

/** Has the caller's callback note how many rows were affected. */
function withAffected(statement: SentStatement): (argument: unknown) => unknown {
  return (argument) => {
    if (typeof argument !== 'function') return argument;
    return function (this: unknown, ...answer: unknown[]): unknown {
      statement.affected = (answer[1] as { affectedRows?: number } | undefined)?.affectedRows;
      return (argument as Method).apply(this, answer);
    };
  };
}

function watchSqlite(listener: Listener): (() => void)[] {
  const driver = sqliteDriver();
  const probe = new driver(':memory:');
  const statements = Object.getPrototypeOf(probe.prepare('SELECT 1')) as Methods;
  probe.close();
  const exec = wrap(driver.prototype as unknown as Methods, 'exec', (original) => {
    return function (sql) {
      listener({ sql: sql as string, values: [], prepared: false });
      return original.call(this, sql);
    };
  });
  return [exec, ...['run', 'get', 'all'].map((name) => wrap(statements, name, watchedStatement(listener)))];
}

function watchedStatement(listener: Listener): (original: Method) => Method {
  return (original) =>
    function (...values) {
      const { source: sql } = this as { source: string };
      const statement: SentStatement = { sql, values: values.flat() as SentValue[], prepared: true };
      listener(statement);
      const result = original.apply(this, values);
      statement.affected = (result as { changes?: number } | undefined)?.changes;
      return result;
    };
}

function wrap(methods: Methods, name: string, wrapped: (original: Method) => Method): () => void {
  const original = methods[name]!;
  methods[name] = wrapped(original);
  return () => void (methods[name] = original);
}
