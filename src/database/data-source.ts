import type { Database } from 'better-sqlite3';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { Account } from '../account/account.entity';
import { IdempotentReply } from '../account/idempotent-reply.entity';
import { ChallengeSolution } from '../challenge/challenge-solution.entity';
import { CannotStart } from '../error/cannot-start';
import { AuthEvent } from '../event/auth-event.entity';
import { NumberLimit } from '../limit/number-limit.entity';
import { BudgetWindow } from '../limit/budget-window.entity';
import { OtpChallenge } from '../otp/otp-challenge.entity';
import { PhoneChange } from '../otp/phone-change.entity';
import { SmsMessage } from '../sms/sms-message.entity';
import { Session } from '../session/session.entity';
import { SpentForeignToken } from '../account/spent-foreign-token.entity';
import type { DatabaseSettings } from './database-settings';
import { migrations } from './migrations';
import { lineOptions, mysqlDriver, serverKind } from './mysql-driver';
import { useDirectRunners } from './mysql-query-runner';
import { readMysqlUrl } from './mysql-url';
import { sqliteDriver, sqliteRemedy } from './sqlite-driver';
import { makePrivate } from './sqlite-file';
import { isolateTransactions, untilUnlocked } from './sqlite-isolation';

/** A database that cannot be reached or used at the start; its message holds no password. */
export class UnusableDatabase extends CannotStart {}

const poolSize = 20;

/**
 * Makes a SQLite file private before it is opened, and asks a server whether it is MariaDB or MySQL.
 * @throws UnusableDatabase
 */
export async function databaseOptions({ database, dataDir, production }: DatabaseSettings): Promise<DataSourceOptions> {
  const common = {
    entities: [
      NumberLimit,
      ...[Account, AuthEvent, ChallengeSolution, IdempotentReply, OtpChallenge],
      ...[Account, AuthEvent, BudgetWindow, ChallengeSolution, IdempotentReply, OtpChallenge],
      ...[PhoneChange, Session, SmsMessage, SpentForeignToken],
    ],
    migrations,
    migrationsTableName: 'migration',
    migrationsTransactionMode: 'each' as const,
    migrationsRun: !production,
    synchronize: false,
    logging: false,
  } satisfies Partial<DataSourceOptions>;
  return {
    ...common,
    ...(await (database.kind === 'sqlite' ? sqliteOptions(database.file, dataDir) : mysqlOptions(database.url))),
  };
}

function sqliteOptions(file: string, dataDir?: string) {
  try {
    makePrivate(file, dataDir);
  } catch (cause) {
    unusable(file, cause as Error);
  }
  return {
    type: 'better-sqlite3' as const,
    database: file,
    driver: sqliteDriver(),
    // SQLite's own wait for another process would block this one: `untilUnlocked` waits instead.
    timeout: 0,
    prepareDatabase: async (connection: Database) => {
      await untilUnlocked(() => connection.pragma('journal_mode = WAL'));
      connection.pragma('synchronous = FULL');
    },
  };
}

async function mysqlOptions(url: string) {
  const server = readMysqlUrl(url);
  const { host, port, user, password, database } = server;
  const kind = await serverKind(server).catch((cause: Error) => unusable(new URL(url).host, cause));
  return {
    type: kind,
    ...{ host, port, username: user, password, database },
    driver: await mysqlDriver(kind),
    timezone: 'Z',
    charset: 'utf8mb4',
    connectTimeout: 1_500,
    poolSize,
    // A stack trace for each command costs more than most commands.
    trace: false,
    // The texts of statements are few. The limit of a server is for all its connections together.
    extra: { ...lineOptions(server), maxPreparedStatements: 200 },
  };
}

/**
 * The connected database, its transactions kept apart. Applies the migrations where `migrationsRun` is set, and
 * elsewhere insists that they have been.
 * @throws UnusableDatabase
 */
export async function connectDatabase({ migrationsRun, ...options }: DataSourceOptions): Promise<DataSource> {
  const dataSource = await open(new DataSource(options));
  if (migrationsRun) await applyMigrations(dataSource);
  else if (await dataSource.showMigrations()) {
    await dataSource.destroy();
    throw new UnusableDatabase('The database lacks migrations: run `npm run migration:run`, then start again.');
  }
  return dataSource;
}

/** @throws UnusableDatabase */
export function open(dataSource: DataSource): Promise<DataSource> {
  if (dataSource.options.type === 'better-sqlite3') isolateTransactions(dataSource);
  else useDirectRunners(dataSource);
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
  throw new UnusableDatabase(`DATABASE_URL: no usable database at ${place} (${why})${sqliteRemedy(why)}.`, { cause });
}
