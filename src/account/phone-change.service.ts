import { Injectable } from '@nestjs/common';
import type { ClientInfo } from '../client/client-info';
import { InvalidFields, InvalidOtp } from '../error/refusal';
import { AuthEvents } from '../event/auth-events';
import { OtpService, type IssuedOtp } from '../otp/otp.service';
import type { PhoneNumber } from '../phone/phone-number';
import type { Caller } from '../token/caller';
import { SessionService } from '../token/session.service';
import { isDuplicate } from '../transaction/database-fault';
import type { Transaction } from '../transaction/transaction';
import { Transactions } from '../transaction/transactions';
import { Account } from './account.entity';
import { accountOf } from './profile.service';

/** Moves an account to another number, which proves itself by a code. */
@Injectable()
export class PhoneChangeService {
  constructor(
    private readonly transactions: Transactions,
    private readonly otps: OtpService,
    private readonly sessions: SessionService,
    private readonly events: AuthEvents,
  ) {}

  /**
   * Tells nothing of whether the number has an account. The text is in the account's language, if it has set one.
   * @throws Throttled inside the gap after the last text
   */
  request(caller: Caller, phoneNumber: PhoneNumber, acceptLanguage?: string): Promise<IssuedOtp> {
    return this.transactions.run(async (transaction) => {
      const { locale } = await accountOf(transaction, caller);
      return this.otps.request(transaction, phoneNumber.e164, 'new-number', { locale, acceptLanguage });
    });
  }

  /** @throws InvalidOtp, or InvalidFields if the number has an account: told to whoever has proved to read its texts */
  async verify(caller: Caller, phoneNumber: PhoneNumber, otp: string, client: ClientInfo): Promise<Account> {
    const changed = await this.transactions.run(async (transaction) => {
      if (!(await this.otps.consume(transaction, phoneNumber.e164, 'new-number', otp))) return 'invalid';
      return this.move(transaction, caller, phoneNumber.e164, client);
    });
    // After the commit, so that a guess stays counted and a code used.
    if (changed === 'invalid') throw new InvalidOtp();
    if (changed === 'taken') {
      const fault = { code: 'unique', message: 'This phone number belongs to another account.' };
      throw new InvalidFields(new Map([['phone_number', [fault]]]));
    }
    return changed;
  }

  private async move(
    transaction: Transaction,
    caller: Caller,
    phoneNumber: string,
    client: ClientInfo,
  ): Promise<Account | 'taken'> {
    const { accountId, sessionId } = caller;
    const { phoneNumber: former } = await accountOf(transaction, caller);
    try {
      await transaction.execute('UPDATE account SET phone_number = ? WHERE id = ?', [phoneNumber, accountId]);
    } catch (error) {
      if (isDuplicate(error)) return 'taken';
      throw error;
    }
    if (former !== phoneNumber) await this.otps.forget(transaction, former);
    await this.sessions.endAll(transaction, accountId, 'phone_number_changed', sessionId);
    await this.events.record(transaction, { kind: 'phone_number_changed', accountId, sessionId, phoneNumber, client });
    return accountOf(transaction, caller);
  }
}
