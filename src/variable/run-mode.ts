import { z } from 'zod';
import type { Values } from './variable-kinds';

export const defaultDataDir = '.data';

export const modeVariables = {
  NODE_ENV: z.enum(['development', 'test', 'production'], 'must be development, test or production').optional(),
  DATA_DIR: z.string().default(defaultDataDir),
};

/** How the process runs: on it depend the defaults of many features, and what they refuse. */
export class RunMode {
  readonly production: boolean;
  /** Also where nothing is said. */
  readonly development: boolean;
  /** Where the service keeps its own files: SQLite, the secrets of development, texts of the transport `file`. */
  readonly dataDir: string;

  constructor({ NODE_ENV: mode = 'development', DATA_DIR }: Values<typeof modeVariables>) {
    this.production = mode === 'production';
    this.development = mode === 'development';
    this.dataDir = DATA_DIR;
  }
}
