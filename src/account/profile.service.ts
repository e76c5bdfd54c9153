import { Injectable } from '@nestjs/common';
import { addSeconds, Clock } from '../clock/clock';
import { AccessTokenNotValid, FreshLoginRequired, InvalidPage } from '../error/refusal';
import type { AuthEvent } from '../event/auth-event.entity';
import { AuthEvents } from '../event/auth-events';
import { OtpService } from '../otp/otp.service';
import type { Caller } from '../token/caller';
import { SessionService } from '../token/session.service';
import { Session } from '../token/session.entity';
import type { Transaction } from '../transaction/transaction';
import { Transactions } from '../transaction/transactions';
import { Account } from './account.entity';

/** How old a sign-in may be for what cannot be undone. */
const freshSeconds = 600;
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
    private readonly transactions: Transactions,
    private readonly sessions: SessionService,
    private readonly otps: OtpService,
    private readonly events: AuthEvents,
    private readonly clock: Clock,
  ) {}

  read(caller: Caller): Promise<Account> {
    return this.transactions.run((transaction) => accountOf(transaction, caller));
  }

  change(caller: Caller, change: ProfileChange): Promise<Account> {
    return this.transactions.run(async (transaction) => {
      if (Object.keys(change).length > 0) await transaction.manager.update(Account, { id: caller.accountId }, change);
      return accountOf(transaction, caller);
    });
  }

  /**
   * The number is free again, and stands nowhere any more but in keyed hashes.
   * @throws FreshLoginRequired if the session began more than 10 minutes ago
   */
  async delete(caller: Caller): Promise<void> {
    await this.transactions.run(async (transaction) => {
      const { accountId, sessionId } = caller;
      const session = await transaction.manager.findOneBy(Session, { id: sessionId });
      // Another node may have closed it a moment ago. One that began with a token of another stack is no sign-in.
      if (!session || session.revokedAt !== null) throw new AccessTokenNotValid();
      const stale = addSeconds(session.createdAt, freshSeconds) < this.clock.now();
      if (stale || session.importedJti !== null) throw new FreshLoginRequired();
      const { phoneNumber } = await accountOf(transaction, caller);
      const { affected } = await transaction.manager.delete(Account, { id: accountId, phoneNumber });
      if (affected !== 1) throw new AccessTokenNotValid();
      await this.sessions.endAll(transaction, accountId, 'closed');
      await transaction.manager.delete(Session, { accountId });
      await this.otps.forget(transaction, phoneNumber);
      await this.events.record(transaction, { kind: 'account_deleted', accountId, sessionId, phoneNumber });
    });
  }

  /**
   * @param asked a page from 1 on, or the last one
   * @throws InvalidPage for one that there is not
   */
  async eventsOf({ accountId }: Caller, asked: number | 'last'): Promise<EventsPage> {
    const { page, count, events } = await this.transactions.run(async (transaction) => {
      const count = await this.events.countOf(transaction, accountId);
      const page = asked === 'last' ? Math.max(1, Math.ceil(count / eventsPerPage)) : asked;
      const range = { skip: (page - 1) * eventsPerPage, take: eventsPerPage };
      return { page, count, events: await this.events.ofAccount(transaction, accountId, range) };
    });
    if (events.length === 0 && page > 1) throw new InvalidPage();
    return { page, count, events };
  }
}

/** @throws AccessTokenNotValid if the account was deleted a moment ago */
export async function accountOf({ manager }: Transaction, { accountId }: Caller): Promise<Account> {
  const account = await manager.findOneBy(Account, { id: accountId });
  if (account === null) throw new AccessTokenNotValid();
  return account;
}
