import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const prefix = 'hodi-tests-of-';
const variables = ['TMPDIR', 'TEMP', 'TMP'];

/**
 * One folder for all that a run of the suite writes: `os.tmpdir()` is inside it from now on, in workers and programs, too.
 * Folders of runs that ended without removing theirs are removed.
 */
export function makeRunFolder(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length)) : undefined;
    if (pid !== undefined && !isRunning(pid)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
  const folder = join(tmpdir(), `${prefix}${process.pid}`);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  for (const variable of variables) process.env[variable] = folder;
}

export function removeRunFolder(): void {
  if (tmpdir().includes(prefix)) rmSync(tmpdir(), { recursive: true, force: true });
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Another user's process is there, and not ours to signal.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
