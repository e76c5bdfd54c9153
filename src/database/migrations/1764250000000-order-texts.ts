import { TableColumn, TableIndex, type MigrationInterface, type QueryRunner } from 'typeorm';

const table = 'sms_message';
const byPriority = new TableIndex({
  name: 'ix_sms_message_priority_due_at',
  columnNames: ['priority', 'due_at'],
});
const priority = new TableColumn({ name: 'priority', type: 'integer', default: 2 });
const sends = new TableColumn({ name: 'sends', type: 'integer', default: 0 });

/** Which texts go first, and how often providers took each. Texts that wait already let new ones go first. */
export class OrderTexts1764250000000 implements MigrationInterface {
  readonly name = 'OrderTexts1764250000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.addColumns(table, [priority, sends]);
    await runner.query(`UPDATE ${table} SET sends = 1 WHERE provider_id IS NOT NULL`);
    await runner.createIndex(table, byPriority);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropIndex(table, byPriority);
    await runner.dropColumns(table, ['priority', 'sends']);
  }
}
