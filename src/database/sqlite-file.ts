import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';

/** What SQLite keeps beside the file while it is open. */
const companions = ['-wal', '-shm', '-journal'];

/**
 * Keeps the database from other users of the machine: the file and what SQLite keeps beside it are 0600. Its folder is
 * 0700 if it is made here, is `dataDir`, or holds nothing else; another one may belong to others.
 * @param dataDir the service's own folder
 * @throws NodeJS.ErrnoException if there can be no such file
 */
export function makePrivate(file: string, dataDir?: string): void {
  if (file === ':memory:') return;
  const folder = dirname(resolve(file));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (isOfService(folder, dataDir, basename(file))) narrow(folder, 0o700);
  closeSync(openSync(file, 'a', 0o600));
  for (const each of [file, ...companions.map((ending) => file + ending)]) {
    if (existsSync(each)) narrow(each, 0o600);
  }
}

function isOfService(folder: string, dataDir: string | undefined, file: string): boolean {
  if (dataDir !== undefined && folder === resolve(dataDir)) return true;
  return readdirSync(folder).every((name) => name.startsWith(file));
}

/**
 * Rights that are more than these are taken away, if the file is the user's own: of another's they cannot be. A folder
 * with the sticky bit, such as `/tmp`, is meant for many users.
 */
function narrow(path: string, rights: number): void {
  const { mode, uid } = statSync(path);
  const isOurs = uid === process.getuid?.() && (mode & 0o1000) === 0;
  if (isOurs && (mode & 0o777 & ~rights) !== 0) chmodSync(path, mode & rights);
}
