import type { Database } from 'better-sqlite3';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { Account } from '../account/account.entity';
import { IdempotentReply } from '../account/idempotent-reply.entity';
import type { Settings } from '../config/settings';
import { CannotStart } from '../error/cannot-start';
import { AuthEvent } from '../event/auth-event.entity';
import { OtpChallenge } from '../otp/otp-challenge.entity';
import { PhoneChange } from '../otp/phone-change.entity';
import { SmsMessage } from '../sms/sms-message.entity';
import { Session } from '../token/session.entity';
import { SpentForeignToken } from '../token/spent-foreign-token.entity';
import { migrations } from './migrations';
import { mysqlDriver, serverKind } from './mysql-driver';
import { isolateTransactions } from './sqlite-isolation';

/** A database that cannot be reached or used at the start; its message holds no password. */
export class UnusableDatabase extends CannotStart {}

const poolSize = 20;

/** @throws UnusableDatabase as telling MariaDB from MySQL means asking it */
export async function databaseOptions({ database, production }: DatabaseSettings): Promise<DataSourceOptions> {
  const common = {
    entities: [
      Account,
      AuthEvent,
      IdempotentReply,
      OtpChallenge,
      PhoneChange,
      Session,
      SmsMessage,
      SpentForeignToken,
    ],
    migrations,
    migrationsTableName: 'migration',
    migrationsTransactionMode: 'each' as const,
    migrationsRun: !production,
    synchronize: false,
    logging: false,
  } satisfies Partial<DataSourceOptions>;
  if (database.kind === 'sqlite') {
    return {
      ...common,
      type: 'better-sqlite3',
      database: database.file,
      enableWAL: true,
      // A wait for another process blocks this one, so it is short: the transaction is tried again instead.
      timeout: 100,
      prepareDatabase: (connection: Database) => void connection.pragma('synchronous = FULL'),
    };
  }
  return {
    ...common,
    type: await serverKind(database.url).catch((cause: Error) => unusable(new URL(database.url).host, cause)),
    url: database.url,
    driver: await mysqlDriver(),
    timezone: 'Z',
    charset: 'utf8mb4',
    connectTimeout: 1_500,
    poolSize,
  };
}

export type DatabaseSettings = Pick<Settings, 'database' | 'production'>;

/**
 * The connected database, its transactions kept apart. Applies the migrations where `migrationsRun` is set, and
 * elsewhere insists that they have been.
 * @throws UnusableDatabase
 */
export async function connectDatabase({ migrationsRun, ...options }: DataSourceOptions): Promise<DataSource> {
  const dataSource = new DataSource(options);
  if (options.type === 'better-sqlite3') isolateTransactions(dataSource);
  await open(dataSource);
  if (migrationsRun) await applyMigrations(dataSource);
  else if (await dataSource.showMigrations()) {
    await dataSource.destroy();
    throw new UnusableDatabase('The database lacks migrations: run `npm run migration:run`, then start again.');
  }
  return dataSource;
}

/** @throws UnusableDatabase */
export function open(dataSource: DataSource): Promise<DataSource> {
  const place = String(dataSource.options.database ?? 'the server');
  return dataSource.initialize().catch((cause: Error) => unusable(place, cause));
}

/** One process at a time, as nodes are often started together. SQLite locks its file by itself. */
export async function applyMigrations(dataSource: DataSource): Promise<string[]> {
  const lock = dataSource.createQueryRunner();
  const shared = dataSource.options.type !== 'better-sqlite3';
  try {
    if (shared) {
      const [row] = (await lock.query("SELECT GET_LOCK('hodi_migrations', 60) AS got")) as [{ got: unknown }];
      if (Number(row.got) !== 1) throw new UnusableDatabase('DATABASE_URL: another process has migrated for 60 s.');
    }
    const applied = await dataSource.runMigrations();
    return applied.map(({ name }) => name);
  } finally {
    if (shared) await lock.query("SELECT RELEASE_LOCK('hodi_migrations')");
    await lock.release();
  }
}

function unusable(place: string, cause: Error): never {
  const why = (cause as NodeJS.ErrnoException).code ?? cause.name;
  throw new UnusableDatabase(`DATABASE_URL: no usable database at ${place} (${why}).`, { cause });
}
