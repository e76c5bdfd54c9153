import { Injectable } from '@nestjs/common';
import { addSeconds, Clock } from '../clock/clock';
import { AuthEvents } from '../event/auth-events';
import { PhoneChanges } from '../otp/phone-changes';
import { SessionService } from '../session/session.service';
import { timeIn } from '../transaction/statement';
import type { Transaction } from '../transaction/transaction';
import { TransactionRunner } from '../transaction/transaction-runner';
import { AccountSettings } from './account-settings';
import { AccountRepository } from './account.repository';
import type { JoinedAccount } from './accounts';

const daySeconds = 86_400;
/** How long an account is kept without a number. */
const keptSeconds = 90 * daySeconds;
const batchSize = 20;

/**
 * Operators of telephone networks give unused numbers to new holders. An account that was not used for so long is taken for
 * that of a former holder: its number's next sign-in gets nothing of its sessions. See docs/decisions/0020-recycled-numbers.md.
 */
@Injectable()
export class RecycledNumbers {
  constructor(
    private readonly settings: AccountSettings,
    private readonly transactions: TransactionRunner,
    private readonly accounts: AccountRepository,
    private readonly sessions: SessionService,
    private readonly phoneChanges: PhoneChanges,
    private readonly events: AuthEvents,
    private readonly clock: Clock,
  ) {}

  /**
   * Says which account a number's sign-in enters. No statement is sent unless the last sign-in is too long ago.
   * @param phoneNumber E.164, which has just proved itself
   * @param read what was read of the number's account
   * @returns `read`, or undefined if the sign-in is to make a new account: the number is free for it
   */
  async holderOf<Read extends JoinedAccount>(
    transaction: Transaction,
    phoneNumber: string,
    read: Read | undefined,
  ): Promise<Read | undefined> {
    const since = addSeconds(this.clock.now(), -this.settings.dormantDays * daySeconds);
    if (!read?.accountId || !read.lastLoginAt || !this.isQuiet(timeIn(read.lastLoginAt), since)) return read;
    const { accountId } = read;
    if (!(await this.accounts.lockQuiet(transaction, accountId, phoneNumber, since))) return read;
    if (await this.sessions.isUsedSince(transaction, accountId, since)) return read;
    await this.endFormer(transaction, accountId, phoneNumber);
    return this.settings.dormantPolicy === 'same_account' ? read : undefined;
  }

  /** Deletes the accounts that have had no number for 90 days, in batches, as if their owners did. */
  async removeExpired(): Promise<void> {
    for (let removed = batchSize; removed === batchSize;) {
      removed = await this.transactions.run(async (transaction) => {
        const until = addSeconds(this.clock.now(), -keptSeconds);
        const ids = await this.accounts.findReleased(transaction, until, batchSize);
        for (const id of ids) await this.remove(transaction, id);
        return ids.length;
      });
    }
  }

  private isQuiet(lastLoginAt: Date, since: Date): boolean {
    return this.settings.dormantDays > 0 && lastLoginAt <= since;
  }

  /** Nothing of the former holder opens the account any more: no session, no code that undoes a change, no known client. */
  private async endFormer(transaction: Transaction, accountId: string, phoneNumber: string): Promise<void> {
    await this.sessions.endAll(transaction, accountId, 'phone_number_recycled');
    await this.phoneChanges.forget(transaction, accountId);
    // Without the client: it is not the former holder's, who may still read events on another node for a moment.
    await this.events.record(transaction, { kind: 'phone_number_recycled', accountId, phoneNumber });
    if (this.settings.dormantPolicy === 'same_account') await this.accounts.forgetHolder(transaction, accountId);
    else await this.accounts.release(transaction, accountId, this.clock.now());
  }

  private async remove(transaction: Transaction, accountId: string): Promise<void> {
    if (!(await this.accounts.delete(transaction, accountId))) return;
    await this.sessions.forget(transaction, accountId);
    await this.phoneChanges.forget(transaction, accountId);
    await this.events.record(transaction, { kind: 'account_deleted', accountId });
  }
}
