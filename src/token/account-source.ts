import type { AccessTokenClaim } from '../config/settings';
import type { Transaction } from '../transaction/transaction';

/** What an access token can tell of an account. */
export type AccountClaimValues = Record<Exclude<AccessTokenClaim, 'new_member'>, string>;

/** What this room asks of accounts, which are above it. */
export interface AccountSource {
  /** @returns undefined if there is no such account */
  valuesOf(accountId: string): Promise<AccountClaimValues | undefined>;

  /** @returns the id of the account that is this user of the former stack, or undefined */
  findImported(transaction: Transaction, userId: string): Promise<string | undefined>;

  /**
   * Records a login of that account, and so locks its row.
   * @returns the account's id, or undefined
   */
  enterImported(transaction: Transaction, userId: string): Promise<string | undefined>;
}
