import { Injectable } from '@nestjs/common';
import { createHmac, randomInt } from 'node:crypto';
import { Clock } from '../clock/clock';
import type { RingKey } from '../key/key-ring';
import type { Transaction } from '../transaction/transaction';
import { NumberKeyRing } from './limit-keys';
import { noHistory, parseHistory, pruned, type NumberHistory } from './number-history';

/** A number's history, its row locked until the transaction ends: what is decided by it holds when it is written. */
export interface LockedHistory {
  numberHash: string;
  history: NumberHistory;
}

/** Guesses at numbers without a code lock and write one of these instead, so that they take as long as others. */
const stands = 64;

/** The table of what is counted by number. Its row is the lock of a number: it is taken before that of the challenge. */
@Injectable()
export class NumberLimitRepository {
  constructor(
    private readonly keys: NumberKeyRing,
    private readonly clock: Clock,
  ) {}

  /** @param phoneNumber E.164 */
  lock(transaction: Transaction, phoneNumber: string): Promise<LockedHistory> {
    return this.lockFirst(
      transaction,
      this.keys.all.map((key) => hashOf(key, phoneNumber)),
    );
  }

  /** Locks a row that stands for no number: any of them, so that many guesses at one number need not wait in line. */
  lockStandIn(transaction: Transaction): Promise<LockedHistory> {
    return this.lockFirst(transaction, [`stand-in-${randomInt(stands)}`]);
  }

  /** Without a lock: for a report, not for a decision. */
  async read(transaction: Transaction, phoneNumber: string): Promise<NumberHistory> {
    for (const key of this.keys.all) {
      const found = await this.find(transaction, hashOf(key, phoneNumber), '');
      if (found !== undefined) return pruned(found, this.clock.now().getTime());
    }
    return noHistory;
  }

  async save(transaction: Transaction, { numberHash }: LockedHistory, history: NumberHistory): Promise<void> {
    const now = this.clock.now();
    await transaction.execute('UPDATE number_limit SET history = ?, updated_at = ? WHERE number_hash = ?', [
      JSON.stringify(pruned(history, now.getTime())),
      now,
      numberHash,
    ]);
  }

  /** Under a key that was replaced the row is found once more, and goes on under the newest one. */
  private async lockFirst(transaction: Transaction, [hash = '', ...older]: string[]): Promise<LockedHistory> {
    const locking = transaction.locksRows ? ' FOR UPDATE' : '';
    const found = await this.find(transaction, hash, locking);
    if (found !== undefined) return { numberHash: hash, history: found };
    for (const former of older) {
      const history = await this.find(transaction, former, locking);
      if (history === undefined) continue;
      return this.madeFrom(transaction, hash, history);
    }
    return this.madeFrom(transaction, hash, noHistory);
  }

  /** Of two requests side by side the second one finds here what the first one has counted. */
  private async madeFrom(transaction: Transaction, numberHash: string, start: NumberHistory): Promise<LockedHistory> {
    await this.make(transaction, numberHash, start);
    const locking = transaction.locksRows ? ' FOR UPDATE' : '';
    return { numberHash, history: (await this.find(transaction, numberHash, locking)) ?? start };
  }

  private async find(transaction: Transaction, hash: string, locking: string): Promise<NumberHistory | undefined> {
    const { rows } = await transaction.execute<{ history: string }>(
      `SELECT history FROM number_limit WHERE number_hash = ?${locking}`,
      [hash],
    );
    return rows[0] && pruned(parseHistory(rows[0].history), this.clock.now().getTime());
  }

  /** Of two requests that make the row of a number at once, the second one waits here for the first one's commit. */
  private async make(transaction: Transaction, hash: string, history: NumberHistory): Promise<void> {
    const otherwise = transaction.isOnServer
      ? 'ON DUPLICATE KEY UPDATE updated_at = VALUES(updated_at)'
      : 'ON CONFLICT (number_hash) DO UPDATE SET updated_at = excluded.updated_at';
    await transaction.execute(
      `INSERT INTO number_limit (number_hash, history, updated_at) VALUES (?, ?, ?) ${otherwise}`,
      [hash, JSON.stringify(history), this.clock.now()],
    );
  }
}

function hashOf({ key }: RingKey, phoneNumber: string): string {
  return createHmac('sha256', key).update(phoneNumber).digest('hex').slice(0, 32);
}
