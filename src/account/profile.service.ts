import { Injectable } from '@nestjs/common';
import { IsNull, Not } from 'typeorm';
import { InvalidPage } from '../error/refusal';
import type { AuthEvent } from '../event/auth-event.entity';
import { AuthEvents } from '../event/auth-events';
import { OtpService } from '../otp/otp.service';
import { PhoneChanges } from '../otp/phone-changes';
import type { Caller } from '../session/caller';
import { SessionService } from '../session/session.service';
import type { Transaction } from '../transaction/transaction';
import { TransactionRunner } from '../transaction/transaction-runner';
import { Account, type NumberedAccount } from './account.entity';
import { accountOf, FreshSignIn } from './fresh-sign-in';
import { IdempotentReplies } from './idempotent-replies';

export const eventsPerPage = 20;

export interface EventsPage {
  page: number;
  /** Of all pages. */
  count: number;
  events: AuthEvent[];
}

export type ProfileChange = Partial<Pick<Account, 'displayName' | 'locale'>>;

/** An account as its owner reads, changes and deletes it. */
@Injectable()
export class ProfileService {
  constructor(
    private readonly transactions: TransactionRunner,
    private readonly sessions: SessionService,
    private readonly otps: OtpService,
    private readonly events: AuthEvents,
    private readonly phoneChanges: PhoneChanges,
    private readonly freshSignIn: FreshSignIn,
    private readonly replies: IdempotentReplies,
  ) {}

  read(caller: Caller): Promise<NumberedAccount> {
    return this.transactions.read((transaction) => accountOf(transaction, caller));
  }

  change(caller: Caller, change: ProfileChange): Promise<NumberedAccount> {
    return this.transactions.run(async (transaction) => {
      const reachable = { id: caller.accountId, phoneNumber: Not(IsNull()) };
      if (Object.keys(change).length > 0) await transaction.manager.update(Account, reachable, change);
      return accountOf(transaction, caller);
    });
  }

  /**
   * The number is free again, and stands nowhere any more but in keyed hashes.
   * @param key the same request with the same key is done for 60 s, though its session is over
   * @throws FreshLoginRequired if the session began more than 10 minutes ago, AccessTokenNotValid if it is over,
   * IdempotencyKeyReused if the key came with another request
   */
  async delete(caller: Caller, key?: string): Promise<void> {
    const request = { key, scope: ['delete', caller.accountId], body: [] };
    await this.transactions.run((transaction) =>
      this.replies.once(transaction, request, () => this.deleteAccount(transaction, caller)),
    );
  }

  /**
   * @param asked a page from 1 on, or the last one
   * @throws InvalidPage for one that there is not
   */
  eventsOf({ accountId }: Caller, asked: number | 'last'): Promise<EventsPage> {
    return this.transactions.run(async (transaction) => {
      const count = await this.events.countOf(transaction, accountId);
      const page = asked === 'last' ? Math.max(1, Math.ceil(count / eventsPerPage)) : asked;
      const range = { skip: (page - 1) * eventsPerPage, take: eventsPerPage };
      const events = await this.events.ofAccount(transaction, accountId, range);
      if (events.length === 0 && page > 1) throw new InvalidPage();
      return { page, count, events };
    });
  }

  private async deleteAccount(transaction: Transaction, caller: Caller): Promise<'deleted'> {
    const { accountId, sessionId } = caller;
    const { phoneNumber } = await this.freshSignIn.demand(transaction, caller);
    await transaction.manager.delete(Account, { id: accountId });
    await this.sessions.forget(transaction, accountId);
    await this.otps.forget(transaction, phoneNumber);
    await this.phoneChanges.forget(transaction, accountId);
    await this.events.record(transaction, { kind: 'account_deleted', accountId, sessionId, phoneNumber });
    return 'deleted';
  }
}
