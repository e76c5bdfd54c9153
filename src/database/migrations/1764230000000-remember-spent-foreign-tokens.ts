import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';

/** Refresh tokens of the former stack that were used: remembered apart from the sessions that they opened. */
export class RememberSpentForeignTokens1764230000000 implements MigrationInterface {
  readonly name = 'RememberSpentForeignTokens1764230000000';

  async up(runner: QueryRunner): Promise<void> {
    const onSqlite = runner.dataSource.options.type === 'better-sqlite3';
    const time = (name: string) => ({ name, type: 'datetime', precision: 6 });
    await runner.createTable(
      new Table({
        name: 'spent_foreign_token',
        columns: [
          {
            ...{ name: 'jti', type: 'varchar', length: '64', isPrimary: true },
            ...(onSqlite ? {} : { charset: 'ascii', collation: 'ascii_bin' }),
          },
          time('spent_at'),
          time('expires_at'),
        ],
        indices: [{ name: 'ix_spent_foreign_token_expires_at', columnNames: ['expires_at'] }],
      }),
    );
    // How long these tokens live is not known: no setting allows more than 365 days after their issue.
    const aYearLater = onSqlite
      ? "strftime('%Y-%m-%d %H:%M:%f', created_at, '+365 days')"
      : 'created_at + INTERVAL 365 DAY';
    await runner.query(
      `INSERT INTO spent_foreign_token (jti, spent_at, expires_at)
       SELECT imported_jti, created_at, ${aYearLater} FROM session WHERE imported_jti IS NOT NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('spent_foreign_token');
  }
}
