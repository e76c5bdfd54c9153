import { TableColumn, TableIndex, type MigrationInterface, type QueryRunner, type TableColumnOptions } from 'typeorm';

const table = 'sms_message';
const byState = new TableIndex({ name: 'ix_sms_message_state_next_try_at', columnNames: ['state', 'next_try_at'] });
const byDueAt = new TableIndex({ name: 'ix_sms_message_due_at', columnNames: ['due_at'] });
const byProviderId = new TableIndex({
  name: 'ix_sms_message_transport_provider_id',
  columnNames: ['transport', 'provider_id'],
});

/** What each text is for, who refused it, the provider's id of it, and when it is due: never, for one that is done. */
export class FollowTexts1764100000000 implements MigrationInterface {
  readonly name = 'FollowTexts1764100000000';

  async up(runner: QueryRunner): Promise<void> {
    const { text, time, demand } = columnsOf(runner);
    await runner.dropIndex(table, byState);
    await runner.addColumns(table, [text('template', 16), text('refused_by', 128), text('provider_id', 128)]);
    await runner.addColumn(table, time('due_at'));
    await runner.query(
      `UPDATE ${table} SET template = 'sign-in', refused_by = '',
         due_at = CASE WHEN state IN ('queued', 'sending') THEN next_try_at END,
         locale = CASE WHEN locale = 'sw' THEN 'sw' ELSE 'en' END`,
    );
    await demand(text('template', 16));
    await demand(text('refused_by', 128));
    await runner.dropColumn(table, 'next_try_at');
    await runner.createIndices(table, [byDueAt, byProviderId]);
  }

  async down(runner: QueryRunner): Promise<void> {
    const { time, demand } = columnsOf(runner);
    await runner.dropIndices(table, [byDueAt, byProviderId]);
    await runner.addColumn(table, time('next_try_at'));
    await runner.query(
      `UPDATE ${table} SET next_try_at = COALESCE(due_at, created_at),
         state = CASE WHEN state = 'delivered' THEN 'sent' ELSE state END`,
    );
    await demand(time('next_try_at'));
    await runner.dropColumns(table, ['due_at', 'provider_id', 'refused_by', 'template']);
    await runner.createIndex(table, byState);
  }
}

function columnsOf(runner: QueryRunner) {
  const onSqlite = runner.dataSource.options.type === 'better-sqlite3';
  const column = (options: TableColumnOptions) => new TableColumn({ isNullable: true, ...options });
  return {
    text: (name: string, length: number) =>
      column({
        ...{ name, type: 'varchar', length: String(length) },
        ...(onSqlite ? {} : { charset: 'ascii', collation: 'ascii_bin' }),
      }),
    time: (name: string) => column({ name, type: 'datetime', precision: 6 }),
    /** Once every row has a value. */
    demand: (it: TableColumn) => {
      const demanded = it.clone();
      demanded.isNullable = false;
      return runner.changeColumn(table, it, demanded);
    },
  };
}
