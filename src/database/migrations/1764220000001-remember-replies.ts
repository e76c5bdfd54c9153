import { Table, TableColumn, type MigrationInterface, type QueryRunner } from 'typeorm';

const mismatches = new TableColumn({ name: 'idempotency_mismatches', type: 'integer', default: 0 });

/** Replies to requests with an `Idempotency-Key`; and how often the key of a sign-in came with another code. */
export class RememberReplies1764220000001 implements MigrationInterface {
  readonly name = 'RememberReplies1764220000001';

  async up(runner: QueryRunner): Promise<void> {
    const onSqlite = runner.dataSource.options.type === 'better-sqlite3';
    const ascii = onSqlite ? {} : { charset: 'ascii', collation: 'ascii_bin' };
    await runner.addColumn('session', mismatches);
    await runner.createTable(
      new Table({
        name: 'idempotent_reply',
        columns: [
          { name: 'key_hash', type: 'varchar', length: '64', isPrimary: true, ...ascii },
          { name: 'body_hash', type: 'varchar', length: '64', ...ascii },
          { name: 'reply', type: 'varchar', length: '200', ...ascii },
          { name: 'created_at', type: 'datetime', precision: 6 },
        ],
        indices: [{ name: 'ix_idempotent_reply_created_at', columnNames: ['created_at'] }],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('idempotent_reply');
    await runner.dropColumn('session', mismatches.name);
  }
}
