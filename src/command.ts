import 'reflect-metadata';
import { existsSync } from 'node:fs';
import { readSettings, type Settings } from './config/settings';
import { CannotStart } from './error/cannot-start';

/** Runs a program of the project with the settings of `.env` and the environment; a failure is told, and exits with 1. */
export function command(program: (settings: Settings) => Promise<void>): void {
  const run = async () => {
    if (existsSync('.env')) process.loadEnvFile('.env');
    await program(readSettings(process.env));
  };
  run().catch((error: unknown) => {
    process.stderr.write(`${error instanceof CannotStart ? error.message : String((error as Error).stack)}\n`);
    process.exit(1);
  });
}
