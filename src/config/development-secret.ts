import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CannotStart } from '../error/cannot-start';

/**
 * A secret for trying the service out: made at the first start, kept as `<dataDir>/<name>` with mode 600,
 * so that codes and tokens outlive a restart. Production never comes here.
 */
export function developmentSecret(dataDir: string, name: string): string {
  const file = join(dataDir, name);
  if (!existsSync(file)) make(dataDir, file);
  return readFileSync(file, 'utf8').trim();
}

function make(dataDir: string, file: string): void {
  const draft = `${file}.${randomBytes(8).toString('hex')}`;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    writeFileSync(draft, randomBytes(48).toString('base64url'), { mode: 0o600 });
  } catch (cause) {
    throw new CannotStart(`DATA_DIR: nothing can be kept there (${(cause as NodeJS.ErrnoException).code}).`, { cause });
  }
  try {
    // A link appears whole or not at all, and never over another: of two processes that start together, one wins.
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
}
