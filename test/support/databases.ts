import { createConnection } from 'mysql2/promise';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { mysqlUrl, scratchFolder } from './environment';

export interface TestDatabase {
  name: string;
  /** A new, empty database; the `DATABASE_URL` of it. */
  create(): Promise<string>;
}

export const sqlite: TestDatabase = {
  name: 'SQLite',
  create: async () => `sqlite:${join(scratchFolder(), 'test.sqlite')}`,
};

let made = 0;

/** Beside the database that is named in `TEST_MYSQL_URL`, one a use: its user must be allowed to make `<name>_…`. */
export const mysql: TestDatabase = {
  name: 'MySQL',
  async create() {
    const url = new URL(mysqlUrl!);
    const name = `${url.pathname.slice(1)}_${process.env.JEST_WORKER_ID}_${(made += 1)}`;
    const connection = await createConnection(mysqlUrl!);
    await connection.query(`DROP DATABASE IF EXISTS \`${name}\``);
    await connection.query(`CREATE DATABASE \`${name}\``);
    await connection.end();
    url.pathname = name;
    return url.href;
  },
};

/** Every database that is at hand. */
export const databases: TestDatabase[] = mysqlUrl === undefined ? [sqlite] : [sqlite, mysql];

export async function emptyTables(dataSource: DataSource): Promise<void> {
  for (const { tableName } of dataSource.entityMetadatas) await dataSource.query(`DELETE FROM ${tableName}`);
}
