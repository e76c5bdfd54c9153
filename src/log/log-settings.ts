import { z } from 'zod';
import type { Values } from '../variable/variable-kinds';

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

export const logVariables = {
  LOG_LEVEL: z.enum(logLevels, `must be out of: ${logLevels.join(', ')}`).default('info'),
};

/** How much is logged. */
export class LogSettings {
  readonly logLevel: (typeof logLevels)[number];

  constructor({ LOG_LEVEL }: Values<typeof logVariables>) {
    this.logLevel = LOG_LEVEL;
  }
}
