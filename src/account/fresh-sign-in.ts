import { Injectable } from '@nestjs/common';
import { addSeconds, Clock } from '../clock/clock';
import { AccessTokenNotValid, FreshLoginRequired } from '../error/refusal';
import type { Caller } from '../session/caller';
import { SessionService } from '../session/session.service';
import type { Transaction } from '../transaction/transaction';
import { Account, hasNumber, type NumberedAccount } from './account.entity';
import { lockAccount } from './accounts';

/** How old a sign-in may be for what moves or ends an account. */
const freshSeconds = 600;

/** What moves or ends an account is done only soon after a sign-in (OWASP ASVS 5.0, 7.5.1). */
@Injectable()
export class FreshSignIn {
  constructor(
    private readonly sessions: SessionService,
    private readonly clock: Clock,
  ) {}

  /**
   * Locks the account, so that what else closes the session or moves the account has happened before or comes after.
   * @returns the account as it is under the lock
   * @throws FreshLoginRequired if the session began more than 10 minutes ago, or with a token of another stack;
   * AccessTokenNotValid if the session is over
   */
  async demand(transaction: Transaction, caller: Caller): Promise<NumberedAccount> {
    await lockAccount(transaction, caller.accountId);
    const session = await this.sessions.findLive(transaction, caller);
    if (session === undefined) throw new AccessTokenNotValid();
    const isStale = addSeconds(session.createdAt, freshSeconds) < this.clock.now();
    if (isStale || session.importedJti !== null) throw new FreshLoginRequired();
    return accountOf(transaction, caller);
  }
}

/** @throws AccessTokenNotValid if the account was deleted a moment ago, or lost its number to a new holder */
export async function accountOf(transaction: Transaction, { accountId }: Caller): Promise<NumberedAccount> {
  const account = await transaction.findOne(Account, { id: accountId });
  if (!hasNumber(account)) throw new AccessTokenNotValid();
  return account;
}
