import { createConnection } from 'mysql2/promise';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { connectDatabase, databaseOptions } from '../src/database/data-source';
import type { DatabaseSettings } from '../src/database/database-settings';
import { Population } from './population';
import { progress } from './progress';

/** A database that the bench makes, fills and drops. */
export interface BenchDatabase {
  url: string;
  population: Population;
  /** Resolves when no text waits to be sent any more. */
  settled(): Promise<void>;
  drop(): Promise<void>;
}

/** Where databases can be made. */
export interface Place {
  name: string;
  /** @returns a `DATABASE_URL`, and what removes that database again */
  create(name: string): Promise<{ url: string; drop: () => Promise<void> }>;
}

export const sqlitePlace: Place = {
  name: 'SQLite',
  async create(name) {
    const folder = mkdtempSync(join(tmpdir(), 'hodi-bench-'));
    const drop = async () => rmSync(folder, { recursive: true, force: true });
    return { url: `sqlite:${join(folder, `${name}.sqlite`)}`, drop };
  },
};

/** @param given URL of a database beside which others may be made, called `<its name>_<pid>_…` */
export function mysqlPlace(given: string): Place {
  const query = async (sql: string) => {
    const connection = await createConnection(given);
    await connection.query(sql);
    await connection.end();
  };
  return {
    name: 'MySQL',
    async create(name) {
      const url = new URL(given);
      url.pathname = `${url.pathname.slice(1)}_${process.pid}_${name}`;
      const database = url.pathname.slice(1);
      await query(`CREATE DATABASE \`${database}\``);
      return { url: url.href, drop: () => query(`DROP DATABASE \`${database}\``) };
    },
  };
}

export async function benchDatabase(place: Place, name: string, accounts: number): Promise<BenchDatabase> {
  const { url, drop } = await place.create(name);
  const dataSource = await connectDatabase(await databaseOptions({ database: databaseAt(url), production: false }));
  const told = progress(`${place.name}: accounts in the database "${name}"`, accounts);
  const population = await Population.fill(dataSource, url, accounts, { told });
  return {
    ...{ url, population },
    settled: () => untilSent(dataSource),
    async drop() {
      await population.close();
      await dataSource.destroy();
      await drop();
    },
  };
}

function databaseAt(url: string): DatabaseSettings['database'] {
  return url.startsWith('sqlite:') ? { kind: 'sqlite', file: url.slice('sqlite:'.length) } : { kind: 'mysql', url };
}

async function untilSent(dataSource: DataSource): Promise<void> {
  for (let waiting = 1; waiting > 0;) {
    const [row] = await dataSource.query<{ waiting: unknown }[]>(
      'SELECT COUNT(*) AS waiting FROM sms_message WHERE due_at IS NOT NULL',
    );
    waiting = Number(row!.waiting);
    if (waiting > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
