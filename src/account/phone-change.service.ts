import { Injectable } from '@nestjs/common';
import type { ClientInfo } from '../client/client-info';
import { InvalidOtp } from '../error/refusal';
import { AuthEvents } from '../event/auth-events';
import { OtpService, type IssuedOtp } from '../otp/otp.service';
import { PhoneChanges } from '../otp/phone-changes';
import type { PhoneNumber } from '../phone/phone-number';
import type { Caller } from '../session/caller';
import { SessionService } from '../session/session.service';
import type { Transaction } from '../transaction/transaction';
import { TransactionRunner } from '../transaction/transaction-runner';
import type { Account } from './account.entity';
import { numberTaken, setPhoneNumber } from './accounts';
import { accountOf, FreshSignIn } from './fresh-sign-in';
import { lifeSeconds } from '../session/idempotency';
import { IdempotentReplies } from './idempotent-replies';

/** Moves an account to another number, which proves itself by a code. */
@Injectable()
export class PhoneChangeService {
  constructor(
    private readonly transactions: TransactionRunner,
    private readonly replies: IdempotentReplies,
    private readonly freshSignIn: FreshSignIn,
    private readonly otps: OtpService,
    private readonly phoneChanges: PhoneChanges,
    private readonly sessions: SessionService,
    private readonly events: AuthEvents,
  ) {}

  /**
   * Tells nothing of whether the number has an account. The text is in the account's language, if it has set one.
   * @throws FreshLoginRequired, IdempotencyKeyReused if the key came with another request, or Throttled: inside the gap
   * after the last text, and while a code is live that another account has asked for
   */
  request(
    caller: Caller,
    { e164 }: PhoneNumber,
    acceptLanguage: string | undefined,
    client: ClientInfo,
    key?: string,
  ): Promise<IssuedOtp> {
    const request = { key, scope: ['new-number', caller.accountId], body: [e164] };
    return this.transactions.run((transaction) =>
      this.replies.once(transaction, request, async () => {
        const { locale } = await this.freshSignIn.demand(transaction, caller);
        return this.otps.request(transaction, e164, 'new-number', { locale, acceptLanguage }, caller, client);
      }),
    );
  }

  /**
   * Answers again for 60 s: where the session has just moved the account by this very code, and with an
   * `Idempotency-Key` in any case.
   * @throws FreshLoginRequired, InvalidOtp, IdempotencyKeyReused if the key came with another request, or InvalidFields
   * if the number has an account: told to a caller who has proved to read its texts
   */
  verify(caller: Caller, { e164 }: PhoneNumber, otp: string, client: ClientInfo, key?: string): Promise<Account> {
    const request = { key, scope: ['new-number-verify', caller.accountId], body: [e164, otp] };
    return this.transactions.run(async (transaction) => {
      const outcome = await this.replies.once(
        transaction,
        request,
        () => this.change(transaction, caller, e164, otp, client),
        () => this.otps.countGuess(transaction, e164, 'new-number', caller.sessionId),
      );
      // The code is used, so a repeat must find this outcome: it is kept like the other one.
      if (outcome === 'taken') throw numberTaken();
      return accountOf(transaction, caller);
    });
  }

  private async change(
    transaction: Transaction,
    caller: Caller,
    phoneNumber: string,
    otp: string,
    client: ClientInfo,
  ): Promise<'moved' | 'taken'> {
    const { sessionId } = caller;
    const account = await this.freshSignIn.demand(transaction, caller);
    if (await this.otps.consume(transaction, phoneNumber, 'new-number', otp, sessionId, client))
      return this.move(transaction, account, sessionId, phoneNumber, client);
    const justNow = { sessionId, withinSeconds: lifeSeconds };
    const isRepeat =
      account.phoneNumber === phoneNumber &&
      (await this.otps.hasUsed(transaction, phoneNumber, 'new-number', otp, justNow));
    if (!isRepeat) throw new InvalidOtp();
    return 'moved';
  }

  private async move(
    transaction: Transaction,
    { id: accountId, phoneNumber: former, locale }: Account,
    sessionId: string,
    phoneNumber: string,
    client: ClientInfo,
  ): Promise<'moved' | 'taken'> {
    if (!(await setPhoneNumber(transaction, accountId, phoneNumber))) return 'taken';
    if (former !== phoneNumber) {
      await this.otps.forget(transaction, former);
      await this.phoneChanges.record(transaction, accountId, former, locale);
    }
    await this.sessions.endAll(transaction, accountId, 'phone_number_changed', sessionId);
    await this.events.record(transaction, { kind: 'phone_number_changed', accountId, sessionId, phoneNumber, client });
    return 'moved';
  }
}
