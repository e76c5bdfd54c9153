import { Table, type MigrationInterface, type QueryRunner, type TableColumnOptions } from 'typeorm';

export class CreateTables1764000000000 implements MigrationInterface {
  readonly name = 'CreateTables1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    // SQLite compares bytes by itself and does not know these collations.
    const ascii =
      runner.dataSource.options.type === 'better-sqlite3' ? {} : { charset: 'ascii', collation: 'ascii_bin' };
    const text = (name: string, length: number, more: Partial<TableColumnOptions> = {}): TableColumnOptions => ({
      name,
      type: 'varchar',
      length: String(length),
      ...ascii,
      ...more,
    });
    const words = (name: string, length: number): TableColumnOptions => ({
      name,
      type: 'varchar',
      length: String(length),
      // Not the database's default, which may be latin1: that has no room for every letter.
      ...(runner.dataSource.options.type === 'better-sqlite3' ? {} : { charset: 'utf8mb4' }),
    });
    const time = (name: string, more: Partial<TableColumnOptions> = {}): TableColumnOptions => ({
      name,
      type: 'datetime',
      precision: 6,
      ...more,
    });
    const nullable = { isNullable: true };
    const primary = { isPrimary: true };

    await runner.createTable(
      new Table({
        name: 'account',
        columns: [
          text('id', 36, primary),
          text('phone_number', 16),
          words('display_name', 100),
          text('locale', 35),
          text('imported_user_id', 64, nullable),
          time('created_at'),
          time('last_login_at'),
        ],
        indices: [
          { name: 'ux_account_phone_number', columnNames: ['phone_number'], isUnique: true },
          { name: 'ux_account_imported_user_id', columnNames: ['imported_user_id'], isUnique: true },
        ],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'otp_challenge',
        columns: [
          text('phone_number', 16, primary),
          text('purpose', 16, primary),
          text('id', 36),
          text('key_id', 16),
          { name: 'attempts', type: 'integer' },
          { name: 'sends', type: 'integer' },
          time('issued_at'),
          time('resend_at'),
          time('expires_at'),
          time('consumed_at', nullable),
        ],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'session',
        columns: [
          text('id', 36, primary),
          text('account_id', 36),
          text('refresh_jti', 32),
          text('previous_jti', 32, nullable),
          time('created_at'),
          time('rotated_at'),
          time('expires_at'),
          time('absolute_expires_at'),
          time('revoked_at', nullable),
          text('revoked_why', 32, nullable),
          { name: 'new_member', type: 'boolean' },
          text('ip', 45),
          words('user_agent', 200),
          text('idempotency_key', 64, nullable),
          text('idempotency_body', 64, nullable),
          text('imported_jti', 64, nullable),
        ],
        indices: [
          { name: 'ix_session_account_id_created_at', columnNames: ['account_id', 'created_at'] },
          { name: 'ix_session_idempotency_key', columnNames: ['idempotency_key'] },
          { name: 'ux_session_imported_jti', columnNames: ['imported_jti'], isUnique: true },
        ],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'sms_message',
        columns: [
          text('id', 36, primary),
          text('challenge_id', 36),
          text('phone_number', 16),
          text('locale', 35),
          text('state', 10),
          { name: 'attempts', type: 'integer' },
          time('next_try_at'),
          text('transport', 32, nullable),
          text('reason', 64, nullable),
          time('created_at'),
          time('finished_at', nullable),
        ],
        indices: [
          { name: 'ix_sms_message_phone_number', columnNames: ['phone_number'] },
          { name: 'ix_sms_message_state_next_try_at', columnNames: ['state', 'next_try_at'] },
        ],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'auth_event',
        columns: [
          text('id', 36, primary),
          text('account_id', 36),
          text('kind', 32),
          time('at'),
          text('session_id', 36, nullable),
          text('phone_pseudonym', 32, nullable),
          text('ip', 45),
          words('user_agent', 200),
        ],
        indices: [{ name: 'ix_auth_event_account_id_id', columnNames: ['account_id', 'id'] }],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['auth_event', 'sms_message', 'session', 'otp_challenge', 'account'])
      await runner.dropTable(table);
  }
}
