import { Table, TableColumn, TableIndex, type MigrationInterface, type QueryRunner } from 'typeorm';

const challenges = 'otp_challenge';
const accounts = 'account';
const limits = 'number_limit';

/**
 * Guesses are counted by who guesses, texts and wrong guesses by number over both purposes. A code that is live when this
 * runs keeps five guesses for everybody; the gaps of numbers begin anew.
 */
export class LimitByNumber1764300000000 implements MigrationInterface {
  readonly name = 'LimitByNumber1764300000000';

  async up(runner: QueryRunner): Promise<void> {
    const { ascii, time } = columnsOf(runner);
    await runner.createTable(
      new Table({
        name: limits,
        columns: [
          { ...ascii('number_hash', 32), isPrimary: true },
          { name: 'history', type: 'text' },
          time('updated_at'),
        ],
        indices: [new TableIndex({ name: 'ix_number_limit_updated_at', columnNames: ['updated_at'] })],
      }),
    );
    await runner.addColumns(
      challenges,
      [
        { ...ascii('format', 16), default: "'numeric'" },
        { ...ascii('lanes', 1000), default: `'{"others":5,"known":0}'` },
        { ...ascii('former_id', 36), isNullable: true },
        { ...ascii('former_key_id', 16), isNullable: true },
        { ...ascii('former_format', 16), isNullable: true },
        { ...time('former_expires_at'), isNullable: true },
      ].map((options) => new TableColumn(options)),
    );
    await runner.dropColumns(challenges, ['sends', 'resend_at']);
    await runner.addColumn(accounts, new TableColumn({ ...ascii('known_clients', 1000), default: "'{}'" }));
  }

  /** Live codes may be sent again at once then. */
  async down(runner: QueryRunner): Promise<void> {
    const { time } = columnsOf(runner);
    await runner.dropColumn(accounts, 'known_clients');
    await runner.addColumns(challenges, [
      new TableColumn({ name: 'sends', type: 'integer', default: 1 }),
      new TableColumn({ ...time('resend_at'), default: "'2000-01-01 00:00:00'" }),
    ]);
    await runner.dropColumns(challenges, [
      'format',
      'lanes',
      'former_id',
      'former_key_id',
      'former_format',
      'former_expires_at',
    ]);
    await runner.dropTable(limits);
  }
}

function columnsOf(runner: QueryRunner) {
  // SQLite compares bytes by itself and does not know these collations.
  const isSqlite = runner.dataSource.options.type === 'better-sqlite3';
  const collation = isSqlite ? {} : { charset: 'ascii', collation: 'ascii_bin' };
  return {
    ascii: (name: string, length: number) => ({ name, type: 'varchar', length: String(length), ...collation }),
    time: (name: string) => ({ name, type: 'datetime', precision: 6 }),
  };
}
