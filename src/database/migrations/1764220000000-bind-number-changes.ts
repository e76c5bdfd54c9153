import { Table, TableColumn, type MigrationInterface, type QueryRunner, type TableColumnOptions } from 'typeorm';

/** A code for a new number belongs to the session that asked for it; a change of number can be undone for a while. */
export class BindNumberChanges1764220000000 implements MigrationInterface {
  readonly name = 'BindNumberChanges1764220000000';

  async up(runner: QueryRunner): Promise<void> {
    const text = textColumns(runner);
    const owner = ['account_id', 'session_id'].map((name) => new TableColumn({ ...text(name, 36), isNullable: true }));
    await runner.addColumns('otp_challenge', owner);
    await runner.createTable(
      new Table({
        name: 'phone_change',
        columns: [
          { ...text('id', 36), isPrimary: true },
          text('account_id', 36),
          { name: 'step', type: 'integer' },
          text('former_number', 16),
          text('key_id', 16),
          { name: 'expires_at', type: 'datetime', precision: 6 },
        ],
        indices: [
          { name: 'ux_phone_change_account_id_step', columnNames: ['account_id', 'step'], isUnique: true },
          { name: 'ix_phone_change_former_number', columnNames: ['former_number'] },
          { name: 'ix_phone_change_expires_at', columnNames: ['expires_at'] },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    // Older versions have no words for these texts.
    await runner.query("DELETE FROM sms_message WHERE template = 'phone-changed'");
    await runner.dropTable('phone_change');
    await runner.dropColumns('otp_challenge', ['session_id', 'account_id']);
  }
}

function textColumns(runner: QueryRunner) {
  const onSqlite = runner.dataSource.options.type === 'better-sqlite3';
  return (name: string, length: number): TableColumnOptions => ({
    ...{ name, type: 'varchar', length: String(length) },
    ...(onSqlite ? {} : { charset: 'ascii', collation: 'ascii_bin' }),
  });
}
