import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';

/** What is spent of the budgets of texts and money, by the hour. */
export class CountBudgets1764270000000 implements MigrationInterface {
  readonly name = 'CountBudgets1764270000000';

  async up(runner: QueryRunner): Promise<void> {
    const onSqlite = runner.dataSource.options.type === 'better-sqlite3';
    const ascii = onSqlite ? {} : { charset: 'ascii', collation: 'ascii_bin' };
    await runner.createTable(
      new Table({
        name: 'budget_window',
        columns: [
          { name: 'budget', type: 'varchar', length: '16', isPrimary: true, ...ascii },
          { name: 'hour_number', type: 'integer', isPrimary: true },
          { name: 'shard', type: 'integer', isPrimary: true },
          { name: 'amount', type: 'bigint' },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('budget_window');
  }
}
