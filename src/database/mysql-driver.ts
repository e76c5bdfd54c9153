import type { Pool, PoolOptions } from 'mysql2';
import { connect, isIP } from 'node:net';
import { MysqlPool } from './mysql-pool';
import type { MysqlServer } from './mysql-url';

export type ServerKind = 'mariadb' | 'mysql';

/** Loaded only where MySQL is used: the client weighs 10 MB of memory. */
const loadMysql2 = () => import('mysql2');

/**
 * Ours on each connection, whatever the server's defaults are. Without `NO_BACKSLASH_ESCAPES` and `ANSI_QUOTES`;
 * strict, as a value that does not fit must never be cut to one that does.
 */
const sqlMode = [
  'STRICT_TRANS_TABLES',
  'STRICT_ALL_TABLES',
  'NO_ZERO_IN_DATE',
  'NO_ZERO_DATE',
  'ERROR_FOR_DIVISION_BY_ZERO',
  'NO_ENGINE_SUBSTITUTION',
].join(',');

/**
 * Set once a connection, rather than once a transaction. READ COMMITTED: the default locks gaps and so deadlocks where
 * rows are looked for and then inserted. A short wait for locks, as callers wait 2 s.
 */
function sessionSettings(kind: ServerKind): string[] {
  const isolation = kind === 'mariadb' ? 'tx_isolation' : 'transaction_isolation';
  return [
    'NAMES utf8mb4',
    'SESSION autocommit = 1',
    `SESSION sql_mode = '${sqlMode}'`,
    `SESSION ${isolation} = 'READ-COMMITTED'`,
    'SESSION innodb_lock_wait_timeout = 1',
  ];
}

/**
 * On a Galera cluster: a transaction sees what other nodes have committed. 1 is for reads and `START TRANSACTION`,
 * 2 for `UPDATE` and `DELETE`, 4 for `INSERT` (https://mariadb.com/kb/en/galera-cluster-system-variables/).
 */
const galeraSettings = ['SESSION wsrep_sync_wait = 7'];

/** mysql2 for TypeORM, with a pool of ours. */
export async function mysqlDriver(kind: ServerKind) {
  const mysql2 = await loadMysql2();
  return {
    ...mysql2,
    createPool: (options: PoolOptions): MysqlPool => {
      const pool: Pool = mysql2.createPool(options);
      return new MysqlPool(pool, options.connectionLimit!, sessionSettings(kind), galeraSettings);
    },
  };
}

/** Options of a connection, which mysql2 and TypeORM's `extra` share. */
export function lineOptions({ host, port, tls }: MysqlServer) {
  if (tls === undefined) return {};
  // mysql2 checks the certificate of a server that is given by address against this field; without it,
  // against `localhost` (onConnectSecure in Node's _tls_wrap.js).
  const stream = () => Object.assign(connect({ host, port, noDelay: true, keepAlive: true }), { _host: host });
  return { ssl: tls, ...(tls.verifyIdentity && isIP(host) ? { stream } : {}) };
}

/** TypeORM compares schemas of MariaDB and MySQL by different rules, and the URL is the same for both. */
export async function serverKind(server: MysqlServer): Promise<ServerKind> {
  const { createConnection } = await loadMysql2();
  const { host, port, user, password, database } = server;
  const options = { host, port, user, password, database, ...lineOptions(server), connectTimeout: 5_000 };
  const connection = createConnection(options).promise();
  try {
    const [rows] = await connection.query('SELECT VERSION() AS version');
    const [{ version }] = rows as [{ version: string }];
    return version.includes('MariaDB') ? 'mariadb' : 'mysql';
  } finally {
    connection.destroy();
  }
}
