import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CannotStart } from '../error/cannot-start';

/**
 * A secret for trying the service out: made at the first start, kept as `<dataDir>/<name>` with mode 600,
 * so that codes and tokens outlive a restart. Production never comes here.
 * @returns 32 characters or more
 * @throws CannotStart if the file cannot be made or read, or is cut short
 */
export function developmentSecret(dataDir: string, name: string): string {
  const file = resolve(dataDir, name);
  try {
    if (!existsSync(file)) make(file);
    const secret = readFileSync(file, 'utf8').trim();
    if (secret.length >= 32) return secret;
  } catch (cause) {
    throw new CannotStart(
      `DATA_DIR: ${file} cannot be read or made (${(cause as NodeJS.ErrnoException).code}): ` +
        'let the user that runs Hodi write to that folder, or name another one in DATA_DIR.',
      { cause },
    );
  }
  throw new CannotStart(`DATA_DIR: ${file} holds no whole secret: delete it, and another is made at the next start.`);
}

function make(file: string): void {
  const draft = `${file}.${randomBytes(8).toString('hex')}`;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(draft, randomBytes(48).toString('base64url'), { mode: 0o600 });
  try {
    // A link appears whole or not at all, and never over another: of two processes that start together, one wins.
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
}
