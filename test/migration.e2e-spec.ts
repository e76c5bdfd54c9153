import { DataSource } from 'typeorm';
import { readSettings } from '../src/config/settings';
import { databaseOptions, open } from '../src/database/data-source';
import type { migrations } from '../src/database/migrations';
import { FollowTexts1764100000000 } from '../src/database/migrations/1764100000000-follow-texts';
import { databases } from './support/databases';
import { testEnvironment } from './support/environment';

describe.each(databases)('rows from before a migration, on $name', (database) => {
  let dataSource: DataSource;

  async function migrateBefore(migration: (typeof migrations)[number]): Promise<void> {
    const settings = readSettings(testEnvironment({ DATABASE_URL: await database.create() }));
    const options = { ...(await databaseOptions(settings)), migrationsRun: false };
    dataSource = await open(new DataSource(options));
    await dataSource.runMigrations();
    while ((await newest()) !== migration.name) await dataSource.undoLastMigration();
    await dataSource.undoLastMigration();
  }
  const newest = async () => {
    const [row] = await dataSource.query<{ name: string }[]>('SELECT name FROM migration ORDER BY id DESC LIMIT 1');
    return row?.name;
  };
  afterEach(() => dataSource.destroy());

  it('are texts that are still sent, or still done, after texts are followed', async () => {
    await migrateBefore(FollowTexts1764100000000);
    const due = '2026-06-01 12:00:02.000';
    for (const [id, state, locale] of [
      ['1', 'queued', 'sw'],
      ['2', 'sending', 'de-AT'],
      ['3', 'sent', 'en'],
      ['4', 'failed', 'sw'],
    ]) {
      await dataSource.query(
        `INSERT INTO sms_message (id, challenge_id, phone_number, locale, state, attempts, next_try_at, created_at)
         VALUES ('${id}', 'challenge', '+255679190720', '${locale}', '${state}', 1, '${due}', '${due}')`,
      );
    }
    await dataSource.runMigrations();
    const rows = () => dataSource.query<Record<string, unknown>[]>('SELECT * FROM sms_message ORDER BY id');
    const done = { template: 'sign-in', refused_by: '', provider_id: null, attempts: 1, due_at: null };
    const open = { ...done, due_at: expect.anything() as unknown };
    expect(await rows()).toMatchObject([
      { ...open, state: 'queued', locale: 'sw' },
      { ...open, state: 'sending', locale: 'en' },
      { ...done, state: 'sent', locale: 'en' },
      { ...done, state: 'failed', locale: 'sw' },
    ]);

    await dataSource.query("UPDATE sms_message SET state = 'delivered' WHERE id = '3'");
    await dataSource.undoLastMigration();
    expect((await rows()).map(({ state, next_try_at }) => [state, next_try_at !== null])).toEqual([
      ['queued', true],
      ['sending', true],
      ['sent', true],
      ['failed', true],
    ]);
  });
});
