import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';

/** Solved challenges that were used, so that each is used once. */
export class RememberChallengeSolutions1764260000000 implements MigrationInterface {
  readonly name = 'RememberChallengeSolutions1764260000000';

  async up(runner: QueryRunner): Promise<void> {
    const onSqlite = runner.dataSource.options.type === 'better-sqlite3';
    await runner.createTable(
      new Table({
        name: 'challenge_solution',
        columns: [
          {
            ...{ name: 'id', type: 'varchar', length: '64', isPrimary: true },
            ...(onSqlite ? {} : { charset: 'ascii', collation: 'ascii_bin' }),
          },
          { name: 'expires_at', type: 'datetime', precision: 6 },
        ],
        indices: [{ name: 'ix_challenge_solution_expires_at', columnNames: ['expires_at'] }],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('challenge_solution');
  }
}
