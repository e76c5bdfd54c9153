import type { AccessTokenClaim } from '../config/settings';
import type { Transaction } from '../transaction/transaction';

/** What an access token can tell of an account. */
export type AccountClaimValues = Record<Exclude<AccessTokenClaim, 'new_member'>, string>;

/** What this room asks of accounts, which are above it. */
export interface AccountSource {
  /** @returns undefined if there is no such account */
  valuesOf(accountId: string): Promise<AccountClaimValues | undefined>;

  /**
   * Whose user of the stack left behind this was; records a login, and so locks the account's row.
   * @returns the account's id, or undefined
   */
  enterImported(transaction: Transaction, userId: string): Promise<string | undefined>;
}
