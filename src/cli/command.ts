import 'reflect-metadata';
import { exitFor } from '../error/cannot-start';
import { readEnvironment } from '../settings/environment';
import type { Settings } from '../settings/settings';

/**
 * Runs a command with the settings of `.env` and the environment.
 * @param program ends the process with 1 if it rejects, after its reason is written to standard error
 */
export function command(program: (settings: Settings) => Promise<void>): void {
  const run = async () => program(readEnvironment());
  run().catch(exitFor);
}
