import { Injectable } from '@nestjs/common';
import { LessThanOrEqual } from 'typeorm';
import type { Transaction } from '../transaction/transaction';
import { Account } from './account.entity';

/** Statements on the table `account` about numbers that have a new holder. Each update demands the state that it changes. */
@Injectable()
export class AccountRepository {
  /**
   * Locks an account's row until the transaction ends, if the account still has the number and no sign-in since.
   * @param phoneNumber E.164
   */
  async lockQuiet(transaction: Transaction, id: string, phoneNumber: string, since: Date): Promise<boolean> {
    const { affected } = await transaction.execute(
      'UPDATE account SET last_login_at = last_login_at WHERE id = ? AND phone_number = ? AND last_login_at <= ?',
      [id, phoneNumber, since],
    );
    return affected === 1;
  }

  /** Takes the number from an account. The caller holds a lock on it. */
  async release(transaction: Transaction, id: string, at: Date): Promise<void> {
    await transaction.execute(
      "UPDATE account SET phone_number = NULL, number_released_at = ?, known_clients = '{}' WHERE id = ?",
      [at, id],
    );
  }

  /**
   * Makes an account forget its former holder's devices, networks, and user in the stack that it was brought over from: that
   * user's tokens cannot be exchanged any more. The caller holds a lock on it.
   */
  async forgetHolder(transaction: Transaction, id: string): Promise<void> {
    await transaction.execute("UPDATE account SET known_clients = '{}', imported_user_id = NULL WHERE id = ?", [id]);
  }

  /** @returns the ids of the first `max` accounts that lost their number at `until` or before */
  async findReleased({ manager }: Transaction, until: Date, max: number): Promise<string[]> {
    const accounts = await manager.find(Account, {
      select: { id: true },
      where: { numberReleasedAt: LessThanOrEqual(until) },
      order: { numberReleasedAt: 'ASC' },
      take: max,
    });
    return accounts.map(({ id }) => id);
  }

  /** @returns false if another node has deleted it */
  async delete({ manager }: Transaction, id: string): Promise<boolean> {
    return (await manager.delete(Account, { id })).affected === 1;
  }
}
