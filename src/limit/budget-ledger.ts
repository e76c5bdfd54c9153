import { createHash } from 'node:crypto';
import type { Transaction } from '../transaction/transaction';

const shards = 16;

/** What was spent of a budget in an hour, counted since 1970. */
export interface HourSum {
  hour: number;
  amount: number;
}

/** The table of what was spent. Statements are by hand, as they are on the way of a request. */
export class BudgetLedger {
  /** Waits for nobody: what other transactions are about to write is not seen. */
  async read(transaction: Transaction, budget: string, oldestHour: number): Promise<HourSum[]> {
    return this.sums(transaction, budget, oldestHour, '');
  }

  /**
   * Waits for all transactions that spend, and keeps others that read so from going on until this one ends. SQLite lets one
   * transaction write at a time anyway.
   */
  async readLocked(transaction: Transaction, budget: string, oldestHour: number): Promise<HourSum[]> {
    if (!transaction.locksRows) return this.read(transaction, budget, oldestHour);
    // One row that is always there: rows of an hour that has just begun could not be locked before they are made.
    await this.upsert(transaction, [budget, 0, 0, 0]);
    return this.sums(transaction, budget, oldestHour, 'FOR UPDATE');
  }

  /** @param phoneNumber E.164, which chooses the shard */
  async add(
    transaction: Transaction,
    { budget, hour, phoneNumber, amount }: { budget: string; hour: number; phoneNumber: string; amount: number },
  ): Promise<void> {
    await this.upsert(transaction, [budget, hour, shardOf(phoneNumber), amount]);
  }

  async removeBefore(transaction: Transaction, hour: number): Promise<void> {
    await transaction.execute('DELETE FROM budget_window WHERE hour_number > 0 AND hour_number < ?', [hour]);
  }

  private async sums(transaction: Transaction, budget: string, oldestHour: number, lock: '' | 'FOR UPDATE') {
    const { rows } = await transaction.execute<{ hour: number; amount: number | string }>(
      `SELECT hour_number AS hour, amount FROM budget_window WHERE budget = ? AND hour_number >= ? ${lock}`,
      [budget, Math.max(1, oldestHour)],
    );
    return rows.map(({ hour, amount }) => ({ hour, amount: Number(amount) }));
  }

  private async upsert(transaction: Transaction, row: [string, number, number, number]): Promise<void> {
    const onConflict = transaction.isOnServer
      ? 'ON DUPLICATE KEY UPDATE'
      : 'ON CONFLICT (budget, hour_number, shard) DO UPDATE SET';
    await transaction.execute(
      `INSERT INTO budget_window (budget, hour_number, shard, amount) VALUES (?, ?, ?, ?)
       ${onConflict} amount = amount + ?`,
      [...row, row[3]],
    );
  }
}

const shardOf = (phoneNumber: string) => createHash('sha256').update(phoneNumber).digest()[0]! % shards;
