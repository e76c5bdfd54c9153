import type BetterSqlite3 from 'better-sqlite3';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { CannotStart } from '../error/cannot-start';

interface Package {
  version: number;
  /** What it is required by. */
  path: string;
  remedy: string;
}

const besideOthers = join(__dirname, '../../node_modules/.sqlite-node-20/node_modules/better-sqlite3');

/** Version 13 crashes Node 20; version 12 would have to be compiled on others. See docs/decisions/0008-start.md. */
function packageFor(node: number): Package {
  if (node >= 22) return { version: 13, path: 'better-sqlite3', remedy: 'npm install --include=optional' };
  return { version: 12, path: besideOthers, remedy: 'node scripts/install-sqlite.mjs' };
}

/**
 * The SQLite driver for the Node that runs, as TypeORM's `driver` option takes it.
 * @throws CannotStart if the package is missing, or its binary is for another Node or another system
 */
export function sqliteDriver(node = Number.parseInt(process.versions.node)): typeof BetterSqlite3 {
  const { version, path, remedy } = packageFor(node);
  try {
    const driver = createRequire(__filename)(path) as typeof BetterSqlite3;
    // The binary is loaded with the first database.
    new driver(':memory:').close();
    return driver;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const fault = code === 'MODULE_NOT_FOUND' ? 'is not installed' : `does not load (${code ?? 'no binary'})`;
    throw new CannotStart(
      `DATABASE_URL: the package better-sqlite3 ${version}, by which Node ${node} opens SQLite, ${fault}: ` +
        `run \`${remedy}\` with the Node that runs Hodi, or name a MySQL server.`,
      { cause },
    );
  }
}

/** @returns the end of a sentence: what to do about the code with which a file could not be opened; empty for other databases */
export function sqliteRemedy(code: string): string {
  if (/^SQLITE_(NOTADB|CORRUPT)/.test(code))
    return ': the file is no whole SQLite database; move it away, or name another';
  if (/^SQLITE_BUSY|^SQLITE_LOCKED/.test(code)) return ': another program holds the file; end that first';
  if (/^SQLITE_|^E(ACCES|PERM|ROFS|NOTDIR|EXIST|NOENT|ISDIR)$/.test(code)) {
    return ': let the user that runs Hodi write to the file and its folder, or name another (it lies in DATA_DIR by default)';
  }
  return '';
}
