import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock';
import { isDuplicate } from '../transaction/database-fault';
import type { Transaction } from '../transaction/transaction';
import type { ForeignToken } from '../token/simplejwt-tokens';
import { SpentForeignToken } from './spent-foreign-token.entity';

/** Takes each refresh token of the former stack once: the primary key decides, over all nodes. */
@Injectable()
export class SpentForeignTokens {
  constructor(private readonly clock: Clock) {}

  /**
   * Takes a token for good.
   * @returns false if it was spent before; a transaction that spends it just now is waited for
   */
  async spend(transaction: Transaction, { jti, expiresAt }: ForeignToken): Promise<boolean> {
    try {
      await transaction.execute('INSERT INTO spent_foreign_token (jti, spent_at, expires_at) VALUES (?, ?, ?)', [
        jti,
        this.clock.now(),
        expiresAt,
      ]);
      return true;
    } catch (error) {
      if (isDuplicate(error)) return false;
      throw error;
    }
  }

  /** @returns whether it was exchanged or signed out */
  isSpent({ manager }: Transaction, { jti }: ForeignToken): Promise<boolean> {
    return manager.existsBy(SpentForeignToken, { jti });
  }
}
