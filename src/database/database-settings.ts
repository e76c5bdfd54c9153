import { join } from 'node:path';
import { z } from 'zod';
import type { RunMode } from '../variable/run-mode';
import type { Values } from '../variable/variable-kinds';
import { readMysqlUrl, UnusableMysqlUrl } from './mysql-url';

type Database = { kind: 'sqlite'; file: string } | { kind: 'mysql'; url: string };

const database = z.string().transform((text, context): Database => {
  if (text.startsWith('sqlite:') && text.length > 'sqlite:'.length) {
    return { kind: 'sqlite', file: text.slice('sqlite:'.length) };
  }
  try {
    readMysqlUrl(text);
    return { kind: 'mysql', url: text };
  } catch (error) {
    if (!(error instanceof UnusableMysqlUrl)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
    return z.NEVER;
  }
});

export const databaseVariables = { DATABASE_URL: database.optional() };

/** Which database is used. */
export class DatabaseSettings {
  /** The URL of a server holds its password. */
  readonly database: Database;
  /** In production the start applies no migrations. */
  readonly production: boolean;
  /** The folder of the service's own files: a SQLite file in it is made private. */
  readonly dataDir?: string;

  constructor({ DATABASE_URL }: Values<typeof databaseVariables>, { production, dataDir }: RunMode) {
    this.database = DATABASE_URL ?? { kind: 'sqlite', file: join(dataDir, 'hodi.sqlite') };
    this.production = production;
    this.dataDir = dataDir;
  }
}
