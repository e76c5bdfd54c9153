/** The database cannot be used now, for a reason that no driver reports: a full line, an unusable connection. */
export class DatabaseUnavailable extends Error {}

interface Fault {
  /** mysql2: the server's name for the error; SQLite: the result code; Node: the system's error. */
  code: string;
  /** The server's number, which MariaDB has for errors that mysql2 has no name for. */
  errno: unknown;
  /** Five characters; only errors that a MySQL or MariaDB server reports have one. */
  sqlState: string;
  /** mysql2: the connection is lost. */
  fatal: boolean;
}

function faultOf(error: unknown): Fault {
  const { code, errno, sqlState, fatal } = (error ?? {}) as Partial<Record<keyof Fault, unknown>>;
  return { code: String(code), errno, sqlState: typeof sqlState === 'string' ? sqlState : '', fatal: fatal === true };
}

const duplicate = new Set(['ER_DUP_ENTRY', 'SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY']);

/** A unique index or a primary key refused the row. */
export function isDuplicate(error: unknown): boolean {
  return duplicate.has(faultOf(error).code);
}

/**
 * Classes of SQLSTATE that blame the statement or its data: cardinality, data, constraint, syntax or access rule
 * (ISO/IEC 9075-2, section 24).
 */
const blamesStatement = /^(21|22|23|42)/;

/** In class 42 as well, but about rights and limits of the user: these are the operator's, and they pass. */
const rightsAndLimits =
  /^ER_(\w*ACCESS_DENIED\w*|BAD_DB_ERROR|TOO_MANY_USER_CONNECTIONS|USER_LIMIT_REACHED|MAX_PREPARED_STMT_COUNT_REACHED)$/;

/** Errors about a statement or its data to which servers give the SQLSTATE of no class, HY000. */
const blamesStatementByName =
  /^ER_(PARSE_ERROR|NO_DEFAULT_FOR_FIELD|TRUNCATED_WRONG_VALUE\w*|CANT_AGGREGATE_\w+|INVALID_CHARACTER_STRING|WRONG_ARGUMENTS|WRONG_VALUE|CHECK_CONSTRAINT_VIOLATED|PS_MANY_PARAM)$/;

/** As above, of SQLite (https://www.sqlite.org/rescode.html). */
const blamesStatementOnSqlite = /^SQLITE_(ERROR|CONSTRAINT|MISMATCH|RANGE|MISUSE|TOOBIG)(_|$)/;

function isFromDriver({ code, errno, sqlState, fatal }: Fault): boolean {
  return fatal || sqlState !== '' || typeof errno === 'number' || /^(ER|SQLITE|PROTOCOL)_/.test(code);
}

/**
 * The database cannot be reached, cannot write, is at one of its limits, or was interrupted. That is each error of a
 * driver but those that blame the statement or its data: a list of the others would never be complete.
 */
export function isOutOfService(error: unknown): boolean {
  if (error instanceof DatabaseUnavailable) return true;
  const fault = faultOf(error);
  if (!isFromDriver(fault)) return false;
  if (rightsAndLimits.test(fault.code)) return true;
  return !(
    blamesStatement.test(fault.sqlState) ||
    blamesStatementByName.test(fault.code) ||
    blamesStatementOnSqlite.test(fault.code)
  );
}

/** The file is locked by another connection, most likely of another process. */
export function isLocked(error: unknown): boolean {
  return /^SQLITE_(BUSY|LOCKED)(_|$)/.test(faultOf(error).code);
}

/** The server lost or refuses what this connection is for: no further statement belongs on it. */
const spoilt = new Set([
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION',
  'ER_READ_ONLY_MODE',
  'ER_SERVER_SHUTDOWN',
  'ER_UNKNOWN_COM_ERROR',
  'ER_UNKNOWN_STMT_HANDLER',
]);

/** `KILL` on MariaDB: neither marked nor named by mysql2. */
const connectionKilled = 1927;

/** Another connection may well reach another server, or the same one in a better state, such as after a failover. */
export function spoilsConnection(error: unknown): boolean {
  const { code, errno, fatal } = faultOf(error);
  return fatal || errno === connectionKilled || spoilt.has(code);
}

/** What was in the way, or the limit that was met, is often gone a moment later. */
const passing = new Set([
  'ER_CHECKREAD',
  'ER_CON_COUNT_ERROR',
  'ER_ERROR_DURING_COMMIT',
  'ER_LOCK_DEADLOCK',
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_MAX_PREPARED_STMT_COUNT_REACHED',
  'ER_NEED_REPREPARE',
  'ER_QUERY_INTERRUPTED',
  'ER_QUERY_TIMEOUT',
  'ER_TABLE_DEF_CHANGED',
  'ER_TOO_MANY_USER_CONNECTIONS',
  'ER_USER_LIMIT_REACHED',
  'PROTOCOL_CONNECTION_LOST',
  'ECONNRESET',
  'EPIPE',
  'SQLITE_SCHEMA',
]);

/** SQLSTATE: the server rolled back (class 40), or interrupted the statement (`KILL QUERY`, `max_statement_time`). */
const rolledBackOrInterrupted = /^(40|70100)/;

/** Before `COMMIT` was sent, nothing can have been committed: the whole transaction may be tried again. */
export function isPassing(error: unknown): boolean {
  const { code, errno, sqlState } = faultOf(error);
  return (
    passing.has(code) ||
    spoilt.has(code) ||
    errno === connectionKilled ||
    rolledBackOrInterrupted.test(sqlState) ||
    isLocked(error)
  );
}

const rolledBack = new Set(['ER_ERROR_DURING_COMMIT', 'ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT']);

/** As the answer to `COMMIT`: nothing was committed, for certain. After any other error it may have been. */
export function isRolledBack(error: unknown): boolean {
  return rolledBack.has(faultOf(error).code) || isLocked(error);
}
