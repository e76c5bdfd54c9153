import { createServer } from 'node:http';
import { createPool, type PoolConnection } from 'mysql2';

/**
 * The yardstick: `node:http` and `mysql2` with the statements of a verify, prepared, in one transaction, and nothing
 * else: no framework, no validation, no code compared, no token signed.
 */
const pool = createPool({ uri: process.env.DATABASE_URL!, connectionLimit: 20, timezone: 'Z' });
pool.on('connection', (connection) => connection.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED'));

const connect = () =>
  new Promise<PoolConnection>((resolve, reject) =>
    pool.getConnection((error, connection) => (error ? reject(error) : resolve(connection))),
  );
const run = <T>(connection: PoolConnection, sql: string, values?: (string | number | Date | null)[]) =>
  new Promise<T>((resolve, reject) => {
    const done = (error: Error | null, result: unknown) => (error ? reject(error) : resolve(result as T));
    if (values) connection.execute(sql, values, done);
    else connection.query(sql, done);
  });

async function verify(phone: string): Promise<number> {
  const connection = await connect();
  const now = new Date();
  await run(connection, 'START TRANSACTION');
  const [challenge] = await run<{ id: string }[]>(
    connection,
    'SELECT id, key_id AS keyId FROM otp_challenge WHERE phone_number = ? AND purpose = ?',
    [phone, 'sign-in'],
  );
  const { affectedRows } = await run<{ affectedRows: number }>(
    connection,
    `UPDATE otp_challenge SET attempts = attempts + 1, consumed_at = ?
     WHERE phone_number = ? AND purpose = ? AND id = ? AND consumed_at IS NULL AND expires_at > ? AND attempts < ?`,
    [now, phone, 'sign-in', challenge!.id, now, 5],
  );
  const [account] = await run<{ id: string }[]>(
    connection,
    'SELECT id, display_name AS displayName, locale FROM account WHERE phone_number = ?',
    [phone],
  );
  const accountId = account!.id;
  await run(connection, 'UPDATE account SET last_login_at = ? WHERE id = ?', [now, accountId]);
  await run(
    connection,
    `SELECT id FROM session WHERE account_id = ? AND revoked_at IS NULL AND expires_at > ?
     ORDER BY created_at DESC, id DESC LIMIT 100 OFFSET 9`,
    [accountId, now],
  );
  const id = crypto.randomUUID();
  await run(
    connection,
    `INSERT INTO session (id, account_id, refresh_jti, created_at, rotated_at, expires_at, absolute_expires_at,
       new_member, ip, user_agent, idempotency_key, idempotency_body, imported_jti)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [id, accountId, id.replaceAll('-', ''), now, now, now, now, 0, '127.0.0.0', '', null, null, null],
  );
  await run(
    connection,
    `INSERT INTO auth_event (id, account_id, kind, at, session_id, phone_pseudonym, ip, user_agent)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    [crypto.randomUUID(), accountId, 'signed_in', now, id, 'x'.repeat(32), '127.0.0.0', ''],
  );
  await run(connection, 'COMMIT');
  connection.release();
  return affectedRows;
}

const token = 'x'.repeat(400);
const server = createServer((request, response) => {
  if (request.method !== 'POST') return void response.writeHead(404).end();
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { phone_number } = JSON.parse(Buffer.concat(chunks).toString()) as { phone_number: string };
    verify(phone_number).then(
      (used) => {
        response.writeHead(used === 1 ? 200 : 400, { 'Content-Type': 'application/json' });
        response.end(JSON.stringify({ refresh: token, access: token, new_member: false }));
      },
      () => response.writeHead(503).end(),
    );
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address() as { port: number };
  process.stdout.write(`{"url":"http://127.0.0.1:${address.port}","msg":"listening"}\n`);
});
