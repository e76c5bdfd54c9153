import type { Connection, PoolOptions } from 'mysql2';

const setup = ['SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED', 'SET SESSION innodb_lock_wait_timeout = 1'];

/** Loaded only where MySQL is used: the client weighs 10 MB of memory. */
const loadMysql2 = () => import('mysql2');

/**
 * mysql2 with each new connection set up once, rather than each transaction: READ COMMITTED, as the default locks
 * gaps and so deadlocks where rows are looked for and then inserted; a short wait for locks, as callers wait 2 s.
 */
export async function mysqlDriver() {
  const mysql2 = await loadMysql2();
  return {
    ...mysql2,
    createPool(options: PoolOptions) {
      const pool = mysql2.createPool(options);
      pool.on('connection', (connection: Connection) => {
        // Sent before whatever the connection was made for. One that cannot be set up is not used.
        for (const setting of setup) connection.query(setting, (error) => error && connection.destroy());
      });
      return pool;
    },
  };
}

/** `mariadb` or `mysql`: TypeORM compares schemas by different rules, and the URL is the same for both. */
export async function serverKind(url: string): Promise<'mariadb' | 'mysql'> {
  const { createConnection } = await loadMysql2();
  const connection = createConnection({ uri: url, connectTimeout: 5_000 }).promise();
  try {
    const [rows] = await connection.query('SELECT VERSION() AS version');
    const [{ version }] = rows as [{ version: string }];
    return version.includes('MariaDB') ? 'mariadb' : 'mysql';
  } finally {
    connection.destroy();
  }
}
