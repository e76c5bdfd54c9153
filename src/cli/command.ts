import 'reflect-metadata';
import { readEnvironment } from '../config/environment';
import type { Settings } from '../config/settings';
import { exitFor } from '../error/cannot-start';

/**
 * Runs a command with the settings of `.env` and the environment.
 * @param program ends the process with 1 if it rejects, after its reason is written to standard error
 */
export function command(program: (settings: Settings) => Promise<void>): void {
  const run = async () => program(readEnvironment());
  run().catch(exitFor);
}
