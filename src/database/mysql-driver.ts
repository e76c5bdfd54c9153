import * as mysql2 from 'mysql2';
import type { Connection, PoolOptions } from 'mysql2';

/**
 * mysql2 with each new connection set up once, rather than each transaction: READ COMMITTED, as the default locks
 * gaps and so deadlocks where rows are looked for and then inserted; a short wait for locks, as callers wait 2 s.
 */
export const mysqlDriver = {
  ...mysql2,
  createPool(options: PoolOptions) {
    const pool = mysql2.createPool(options);
    pool.on('connection', (connection: Connection) => {
      connection.query(
        `SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, SESSION innodb_lock_wait_timeout = 1`,
        () => undefined,
      );
    });
    return pool;
  },
};

/** `mariadb` or `mysql`: TypeORM compares schemas by different rules, and the URL is the same for both. */
export async function serverKind(url: string): Promise<'mariadb' | 'mysql'> {
  const connection = mysql2.createConnection({ uri: url, connectTimeout: 5_000 }).promise();
  try {
    const [rows] = await connection.query('SELECT VERSION() AS version');
    const [{ version }] = rows as [{ version: string }];
    return version.includes('MariaDB') ? 'mariadb' : 'mysql';
  } finally {
    connection.destroy();
  }
}
