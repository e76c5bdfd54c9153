import { DatabaseUnavailable, isOutOfService, isPassing, isRolledBack, spoilsConnection } from './database-fault';

type Expected = 'ours' | 'unavailable' | 'passing' | 'passing, on another connection';

const server = (errno: number, code: string | undefined, sqlState: string) => ({ errno, code, sqlState });

const kindOf = (error: unknown): Expected => {
  if (!isOutOfService(error)) return 'ours';
  if (!isPassing(error)) return 'unavailable';
  return spoilsConnection(error) ? 'passing, on another connection' : 'passing';
};

it.each<[what: string, error: unknown, expected: Expected]>([
  ['a mistake of the source', new TypeError('x is not a function'), 'ours'],
  ['no error at all', undefined, 'ours'],
  ['a refusal of ours', Object.assign(new Error(), { code: 'invalid_otp' }), 'ours'],
  ['syntax', server(1064, 'ER_PARSE_ERROR', '42000'), 'ours'],
  ['an unknown table', server(1146, 'ER_NO_SUCH_TABLE', '42S02'), 'ours'],
  ['an unknown column', server(1054, 'ER_BAD_FIELD_ERROR', '42S22'), 'ours'],
  ['a count of values', server(1136, 'ER_WRONG_VALUE_COUNT_ON_ROW', '21S01'), 'ours'],
  ['data too long', server(1406, 'ER_DATA_TOO_LONG', '22001'), 'ours'],
  ['a duplicate', server(1062, 'ER_DUP_ENTRY', '23000'), 'ours'],
  ['a broken check of MariaDB', server(4025, 'ER_X', '23000'), 'ours'],
  ['a broken check of MySQL', server(3819, 'ER_CHECK_CONSTRAINT_VIOLATED', 'HY000'), 'ours'],
  ['no default', server(1364, 'ER_NO_DEFAULT_FOR_FIELD', 'HY000'), 'ours'],
  ['a character without room', server(1366, 'ER_TRUNCATED_WRONG_VALUE_FOR_FIELD', 'HY000'), 'ours'],
  ['mixed collations', server(1267, 'ER_CANT_AGGREGATE_2COLLATIONS', 'HY000'), 'ours'],
  ['syntax on SQLite', { code: 'SQLITE_ERROR' }, 'ours'],
  ['a constraint on SQLite', { code: 'SQLITE_CONSTRAINT_NOTNULL' }, 'ours'],
  ['a type on SQLite', { code: 'SQLITE_MISMATCH' }, 'ours'],

  ['an unknown number and state', server(9999, undefined, 'ZZ999'), 'unavailable'],
  ['a signal', server(1644, 'ER_SIGNAL_EXCEPTION', '45000'), 'unavailable'],
  ['a full table', server(1114, 'ER_RECORD_FILE_FULL', 'HY000'), 'unavailable'],
  ['a full disk', server(1021, 'ER_DISK_FULL', 'HY000'), 'unavailable'],
  ['a right that was taken away', server(1142, 'ER_TABLEACCESS_DENIED_ERROR', '42000'), 'unavailable'],
  ['a wrong password', server(1045, 'ER_ACCESS_DENIED_ERROR', '28000'), 'unavailable'],
  ['a database that is gone', server(1049, 'ER_BAD_DB_ERROR', '42000'), 'unavailable'],
  ['a refused connection', { code: 'ECONNREFUSED', errno: -111, fatal: true }, 'unavailable'],
  ['a name that cannot be resolved', { code: 'EAI_AGAIN', errno: -3001 }, 'unavailable'],
  ['a certificate', { code: 'HANDSHAKE_SSL_ERROR', fatal: true }, 'unavailable'],
  ['a full line', new DatabaseUnavailable(), 'unavailable'],
  ['a full disk of SQLite', { code: 'SQLITE_FULL' }, 'unavailable'],
  ['a read-only file', { code: 'SQLITE_READONLY_DBMOVED' }, 'unavailable'],
  ['a result code to come', { code: 'SQLITE_NEW' }, 'unavailable'],

  ['a deadlock', server(1213, 'ER_LOCK_DEADLOCK', '40001'), 'passing'],
  ['a lock wait', server(1205, 'ER_LOCK_WAIT_TIMEOUT', 'HY000'), 'passing'],
  ['a failed commit', server(1180, 'ER_ERROR_DURING_COMMIT', 'HY000'), 'passing'],
  ['a changed record', server(1020, 'ER_CHECKREAD', 'HY000'), 'passing'],
  ['KILL QUERY', server(1317, 'ER_QUERY_INTERRUPTED', '70100'), 'passing'],
  ['max_statement_time', server(1969, undefined, '70100'), 'passing'],
  ['max_execution_time', server(3024, 'ER_QUERY_TIMEOUT', 'HY000'), 'passing'],
  ['too many connections', server(1040, 'ER_CON_COUNT_ERROR', '08004'), 'passing'],
  ['max_user_connections', server(1203, 'ER_TOO_MANY_USER_CONNECTIONS', '42000'), 'passing'],
  ['MAX_USER_CONNECTIONS', server(1226, 'ER_USER_LIMIT_REACHED', '42000'), 'passing'],
  ['max_prepared_stmt_count', server(1461, 'ER_MAX_PREPARED_STMT_COUNT_REACHED', '42000'), 'passing'],
  ['a statement to prepare anew', server(1615, 'ER_NEED_REPREPARE', 'HY000'), 'passing'],
  ['a changed table', server(1412, 'ER_TABLE_DEF_CHANGED', 'HY000'), 'passing'],
  ['a locked file', { code: 'SQLITE_BUSY' }, 'passing'],
  ['a snapshot that is too old', { code: 'SQLITE_BUSY_SNAPSHOT' }, 'passing'],

  ['KILL', server(1927, undefined, '70100'), 'passing, on another connection'],
  ['a lost connection', { code: 'PROTOCOL_CONNECTION_LOST', fatal: true }, 'passing, on another connection'],
  ['a reset', { code: 'ECONNRESET', errno: -104, fatal: true }, 'passing, on another connection'],
  ['a node that is not ready', server(1047, 'ER_UNKNOWN_COM_ERROR', '08S01'), 'passing, on another connection'],
  ['a shutdown', server(1053, 'ER_SERVER_SHUTDOWN', '08S01'), 'passing, on another connection'],
  ['read_only', server(1290, 'ER_OPTION_PREVENTS_STATEMENT', 'HY000'), 'passing, on another connection'],
  ['a forgotten statement', server(1243, 'ER_UNKNOWN_STMT_HANDLER', 'HY000'), 'passing, on another connection'],
])('%s', (_what, error, expected) => {
  expect(kindOf(error)).toBe(expected);
});

it.each([
  ['ER_LOCK_DEADLOCK', true],
  ['ER_ERROR_DURING_COMMIT', true],
  ['SQLITE_BUSY', true],
  ['ER_QUERY_INTERRUPTED', false],
  ['PROTOCOL_CONNECTION_LOST', false],
  ['ECONNRESET', false],
])('%s as the answer to a commit means for certain that nothing was committed: %s', (code, certain) => {
  expect(isRolledBack({ code })).toBe(certain);
});
