import { TableColumn, TableIndex, type MigrationInterface, type QueryRunner } from 'typeorm';

const accounts = 'account';
const releasedAt = 'number_released_at';
const index = 'ix_account_number_released_at';

/** An account can lose its number to the number's new holder, and is kept without one for a while. */
export class ReleaseNumbers1764310000000 implements MigrationInterface {
  readonly name = 'ReleaseNumbers1764310000000';

  async up(runner: QueryRunner): Promise<void> {
    await setNullable(runner, true);
    await runner.addColumn(
      accounts,
      new TableColumn({ name: releasedAt, type: 'datetime', precision: 6, isNullable: true }),
    );
    await runner.createIndex(accounts, new TableIndex({ name: index, columnNames: [releasedAt] }));
  }

  /** Accounts without a number go, as they would have gone later. Their events stay, as after any deletion. */
  async down(runner: QueryRunner): Promise<void> {
    const numberless = `SELECT id FROM ${accounts} WHERE phone_number IS NULL`;
    await runner.query(`DELETE FROM session WHERE account_id IN (${numberless})`);
    await runner.query(`DELETE FROM ${accounts} WHERE phone_number IS NULL`);
    await runner.dropIndex(accounts, index);
    await runner.dropColumn(accounts, releasedAt);
    await setNullable(runner, false);
  }
}

/** The column as it is, so that MySQL changes it in place. */
async function setNullable(runner: QueryRunner, isNullable: boolean): Promise<void> {
  const column = (await runner.getTable(accounts))!.findColumnByName('phone_number')!;
  const changed = column.clone();
  changed.isNullable = isNullable;
  await runner.changeColumn(accounts, column, changed);
}
