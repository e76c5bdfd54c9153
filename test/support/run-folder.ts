import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';

const prefix = 'hodi-tests-of-';

/**
 * One folder for all that a run of the suite writes. Folders of runs that ended without removing theirs are removed.
 * @returns the path of the new folder in `place`
 */
export function makeRunFolder(place: string): string {
  for (const name of readdirSync(place)) {
    const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length)) : undefined;
    if (pid !== undefined && !isRunning(pid)) rmSync(join(place, name), { recursive: true, force: true });
  }
  const folder = join(place, `${prefix}${process.pid}`);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  return folder;
}

/** Removes what `makeRunFolder` made, and nothing else. */
export function removeRunFolder(folder: string): void {
  if (basename(folder).startsWith(prefix)) rmSync(folder, { recursive: true, force: true });
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Another user's process is there, and not ours to signal.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
