/** Another transaction was in the way: the whole of ours may be tried again. */
const passing = new Set(['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'SQLITE_BUSY', 'SQLITE_BUSY_SNAPSHOT']);

const duplicate = new Set(['ER_DUP_ENTRY', 'SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY']);

/** The database cannot be reached or cannot write; mysql2 marks most of the former as `fatal`. */
const outOfService =
  /^(E(CONN|PIPE|TIMEDOUT|NOTFOUND|HOSTUNREACH|AI_AGAIN)|PROTOCOL_|POOL_|ER_(UNKNOWN_COM|CON_COUNT|TOO_MANY_USER|SERVER_SHUTDOWN|CONNECTION_KILLED|QUERY_TIMEOUT|OPTION_PREVENTS|CANT_EXECUTE_IN_READ_ONLY|DISK_FULL|RECORD_FILE_FULL|ACCESS_DENIED|DBACCESS_DENIED|BAD_DB)|SQLITE_(FULL|IOERR|READONLY|CANTOPEN))/;

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | undefined)?.code);
}

export function isPassing(error: unknown): boolean {
  return passing.has(codeOf(error));
}

/** A unique index or a primary key refused the row. */
export function isDuplicate(error: unknown): boolean {
  return duplicate.has(codeOf(error));
}

/** `KILL` on MariaDB: neither marked nor named by mysql2. */
const connectionKilled = 1927;

export function isOutOfService(error: unknown): boolean {
  const { fatal, errno } = (error ?? {}) as { fatal?: boolean; errno?: number };
  return fatal === true || errno === connectionKilled || isPassing(error) || outOfService.test(codeOf(error));
}
