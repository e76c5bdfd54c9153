import type { Pool, PoolConnection, QueryError } from 'mysql2';
import type { Socket } from 'node:net';
import { DatabaseUnavailable } from '../transaction/database-fault';
import { Turns, type Turn } from './turns';

export interface Checkout {
  /** @throws DatabaseUnavailable (rejects), or the driver's error */
  connection: Promise<PoolConnection>;
  /** Leaves the line of callers that wait; once a connection is on its way, it has to be released instead. */
  leave(): void;
}

/** Callers that wait for a connection; more would not get one within their deadline. */
const longestLine = 200;

const settingsTimeoutMilliseconds = 1_500;
const unknownVariable = 1193;

/**
 * mysql2's pool as the service needs it. Each connection has the session's settings before its first use, and binds
 * values at the server. Callers wait in a line that they can leave. At the first sign of a dead connection all idle
 * ones are given up: a server that moved leaves each of them dead, and each would cost a request its deadline.
 */
export class MysqlPool {
  private readonly turns: Turns;
  private readonly held = new WeakMap<PoolConnection, Turn>();
  private readonly ready = new WeakSet<PoolConnection>();
  private readonly idle = new Set<PoolConnection>();
  private optionalSettings: string[];

  /**
   * @param size connections at most
   * @param settings assignments for `SET`
   * @param optionalSettings further ones, for variables that not every server knows
   */
  constructor(
    private readonly pool: Pool,
    size: number,
    private readonly settings: string[],
    optionalSettings: string[],
  ) {
    this.turns = new Turns(size, longestLine);
    this.optionalSettings = optionalSettings;
    pool.on('connection', (connection) => this.adopt(connection));
    pool.on('acquire', (connection) => this.idle.delete(connection));
    pool.on('release', (connection) => this.idle.add(connection));
  }

  /** @throws DatabaseUnavailable if the line is full */
  take(): Checkout {
    const turn = this.turns.take();
    let waits = true;
    const connection = turn.begun.then(() => {
      waits = false;
      return this.connect(turn);
    });
    return { connection, leave: () => waits && turn.end() };
  }

  /** What TypeORM calls. */
  getConnection(done: (error: Error | null, connection?: PoolConnection) => void): void {
    try {
      this.take().connection.then((connection) => done(null, connection), done);
    } catch (error) {
      done(error as Error);
    }
  }

  end(done: (error: Error | null) => void): void {
    this.pool.end(done);
  }

  private async connect(turn: Turn): Promise<PoolConnection> {
    try {
      const connection = await this.nextConnection();
      this.held.set(connection, turn);
      if (!this.ready.has(connection)) await this.setUp(connection);
      return connection;
    } catch (error) {
      turn.end();
      throw error;
    }
  }

  private nextConnection(): Promise<PoolConnection> {
    return new Promise((resolve, reject) =>
      this.pool.getConnection((error, connection) => (error ? reject(error) : resolve(connection))),
    );
  }

  /** @throws DatabaseUnavailable after it gave the connection up */
  private async setUp(connection: PoolConnection): Promise<void> {
    try {
      await this.set(connection, [...this.settings, ...this.optionalSettings]).catch((error: QueryError) => {
        if (error.errno !== unknownVariable || this.optionalSettings.length === 0) throw error;
        this.optionalSettings = [];
        return this.set(connection, this.settings);
      });
      this.ready.add(connection);
    } catch (cause) {
      connection.destroy();
      throw new DatabaseUnavailable('a connection could not be set up', { cause });
    }
  }

  private set(connection: PoolConnection, settings: string[]): Promise<void> {
    const query = { sql: `SET ${settings.join(', ')}`, timeout: settingsTimeoutMilliseconds };
    return new Promise((resolve, reject) => connection.query(query, (error) => (error ? reject(error) : resolve())));
  }

  private adopt(connection: PoolConnection): void {
    bindAtServer(connection);
    connection.on('error', () => this.giveUpIdle());
    const release = connection.release.bind(connection);
    connection.release = () => {
      release();
      this.endTurn(connection);
    };
    const destroy = connection.destroy.bind(connection);
    connection.destroy = () => {
      destroy();
      // mysql2 only says goodbye, which a server that is gone never answers.
      (connection as PoolConnection & { stream: Socket }).stream.destroy();
      this.endTurn(connection);
      this.giveUpIdle();
    };
  }

  private endTurn(connection: PoolConnection): void {
    this.held.get(connection)?.end();
    this.held.delete(connection);
  }

  private giveUpIdle(): void {
    const idle = [...this.idle];
    this.idle.clear();
    idle.forEach((connection) => connection.destroy());
  }
}

/**
 * TypeORM sends values by `query`, with which mysql2 writes them into the text of the statement. Under
 * `NO_BACKSLASH_ESCAPES` its escaping is not the server's, so that a value could become a part of the statement.
 * `execute` sends values beside the statement.
 */
function bindAtServer(connection: PoolConnection): void {
  const query = connection.query.bind(connection) as (...given: unknown[]) => unknown;
  const bound = (sql: unknown, values?: unknown, done?: unknown) =>
    Array.isArray(values) && values.length > 0
      ? (connection.execute as (...given: unknown[]) => unknown)(sql, values.map(toBind), done)
      : query(sql, values, done);
  connection.query = bound as typeof connection.query;
}

/** `undefined` is NULL, as mysql2's `query` writes it. */
function toBind(value: unknown): unknown {
  if (Array.isArray(value)) throw new TypeError('A list cannot be bound: give each of its values a placeholder.');
  return value === undefined ? null : value;
}
