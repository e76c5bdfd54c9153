import 'reflect-metadata';
import { readEnvironment } from './config/environment';
import type { Settings } from './config/settings';
import { CannotStart } from './error/cannot-start';

/** Runs a program of the project with the settings of `.env` and the environment; a failure is told, and exits with 1. */
export function command(program: (settings: Settings) => Promise<void>): void {
  const run = async () => program(readEnvironment((sentence) => process.stderr.write(sentence)));
  run().catch((error: unknown) => {
    process.stderr.write(`${error instanceof CannotStart ? error.message : String((error as Error).stack)}\n`);
    process.exit(1);
  });
}
