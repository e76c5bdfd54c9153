import { DataSource } from 'typeorm';
import { readSettings } from '../src/settings/settings';
import { databaseOptions, open } from '../src/database/data-source';
import type { migrations } from '../src/database/migrations';
import { FollowTexts1764100000000 } from '../src/database/migrations/1764100000000-follow-texts';
import { RememberSpentForeignTokens1764230000000 } from '../src/database/migrations/1764230000000-remember-spent-foreign-tokens';
import { ReleaseNumbers1764310000000 } from '../src/database/migrations/1764310000000-release-numbers';
import { SpentForeignToken } from '../src/account/spent-foreign-token.entity';
import { databases } from './support/databases';
import { testEnvironment } from './support/environment';

describe.each(databases)('rows from before a migration, on $name', (database) => {
  let dataSource: DataSource;

  async function migrateBefore(migration: (typeof migrations)[number]): Promise<void> {
    const settings = readSettings(testEnvironment({ DATABASE_URL: await database.create() }));
    const options = { ...(await databaseOptions(settings.database)), migrationsRun: false };
    dataSource = await open(new DataSource(options));
    await dataSource.runMigrations();
    await undo(migration);
  }
  /** And all that came after it. */
  async function undo({ name }: (typeof migrations)[number]): Promise<void> {
    while ((await newest()) !== name) await dataSource.undoLastMigration();
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
    await undo(FollowTexts1764100000000);
    expect((await rows()).map(({ state, next_try_at }) => [state, next_try_at !== null])).toEqual([
      ['queued', true],
      ['sending', true],
      ['sent', true],
      ['failed', true],
    ]);
  });

  it('are tokens of the former stack that stay spent, after they are remembered apart from sessions', async () => {
    await migrateBefore(RememberSpentForeignTokens1764230000000);
    const at = '2026-06-01 12:00:02.250';
    for (const [id, jti] of [
      ['1', "'0a1b'"],
      ['2', "'old-7'"],
      ['3', 'NULL'],
    ]) {
      await dataSource.query(
        `INSERT INTO session (id, account_id, refresh_jti, created_at, rotated_at, expires_at, absolute_expires_at,
           new_member, ip, user_agent, imported_jti)
         VALUES ('${id}', 'account', 'jti', '${at}', '${at}', '${at}', '${at}', 0, '', '', ${jti})`,
      );
    }
    await dataSource.runMigrations();
    const row = { spentAt: new Date('2026-06-01T12:00:02.250Z'), expiresAt: new Date('2027-06-01T12:00:02.250Z') };
    const spent = () => dataSource.getRepository(SpentForeignToken).find({ order: { jti: 'ASC' } });
    expect(await spent()).toEqual(['0a1b', 'old-7'].map((jti) => ({ jti, ...row })));

    await undo(RememberSpentForeignTokens1764230000000);
    await dataSource.runMigrations();
    expect(await spent()).toHaveLength(2);
  });

  it('are accounts that keep their numbers, and those without one go with their sessions on the way back', async () => {
    await migrateBefore(ReleaseNumbers1764310000000);
    const at = '2026-06-01 12:00:02.250';
    for (const id of ['1', '2'])
      await dataSource.query(
        `INSERT INTO account (id, phone_number, display_name, locale, known_clients, created_at, last_login_at)
         VALUES ('${id}', '+25567919072${id}', 'Asha ${id}', 'sw', '{}', '${at}', '${at}')`,
      );
    await dataSource.runMigrations();
    const accounts = () => dataSource.query<object[]>('SELECT id, phone_number, display_name FROM account ORDER BY id');
    const first = { id: '1', phone_number: '+255679190721', display_name: 'Asha 1' };
    const second = { id: '2', phone_number: '+255679190722', display_name: 'Asha 2' };
    expect(await accounts()).toEqual([first, second]);

    for (const accountId of ['1', '2'])
      await dataSource.query(
        `INSERT INTO session (id, account_id, refresh_jti, created_at, rotated_at, expires_at, absolute_expires_at,
           new_member, ip, user_agent)
         VALUES ('${accountId}', '${accountId}', 'jti', '${at}', '${at}', '${at}', '${at}', 0, '', '')`,
      );
    await dataSource.query(`UPDATE account SET phone_number = NULL, number_released_at = '${at}' WHERE id = '2'`);
    await undo(ReleaseNumbers1764310000000);
    expect(await accounts()).toEqual([first]);
    expect(await dataSource.query('SELECT id FROM session')).toEqual([{ id: '1' }]);
    const numberless = dataSource.query("UPDATE account SET phone_number = NULL WHERE id = '1'");
    await expect(numberless).rejects.toThrow();
  });
});
