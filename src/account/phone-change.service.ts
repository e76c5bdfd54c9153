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
import type { NumberedAccount } from './account.entity';
import { numberTaken, setPhoneNumber } from './accounts';
import { ChallengeProofs } from './challenge-proof';
import { ClientGate, type Gate } from './client-gate';
import { accountOf, FreshSignIn } from './fresh-sign-in';
import { lifeSeconds } from '../session/idempotency';
import { IdempotentReplies } from './idempotent-replies';

/** What is asked for, as it came. */
export interface NewNumberWish {
  phoneNumber: PhoneNumber;
  acceptLanguage?: string;
  /** A solved challenge. */
  captchaToken?: string;
}

/** The account of the new number knows nothing of the caller, who has one of his own. */
const stranger = { networks: [], isNetworkKnown: false, standing: 'unknown' as const };

const guessOf = ({ sessionId }: Caller, phoneNumber: string, client: ClientInfo) => ({
  ...{ phoneNumber, purpose: 'new-number' as const, sessionId, client },
  guesser: stranger,
});

/** Moves an account to another number, which proves itself by a code. */
@Injectable()
export class PhoneChangeService {
  constructor(
    private readonly transactions: TransactionRunner,
    private readonly replies: IdempotentReplies,
    private readonly freshSignIn: FreshSignIn,
    private readonly gate: ClientGate,
    private readonly proofs: ChallengeProofs,
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
  async request(
    caller: Caller,
    { phoneNumber, acceptLanguage, captchaToken }: NewNumberWish,
    client: ClientInfo,
    key?: string,
  ): Promise<IssuedOtp> {
    const { e164 } = phoneNumber;
    const [proof, gate] = await Promise.all([this.proofs.of(captchaToken), this.gate.forText(phoneNumber, client)]);
    const request = { key, scope: ['new-number', caller.accountId], body: [e164] };
    return this.transactions.run((transaction) =>
      this.replies.once(transaction, request, async () => {
        const { locale } = await this.freshSignIn.demand(transaction, caller);
        const solved = await proof.spend(transaction);
        const requester = { ...stranger, solved, isSuspect: gate.isAlarmed };
        const language = { locale, acceptLanguage };
        const wish = { phoneNumber: e164, purpose: 'new-number' as const, language, requester, owner: caller, client };
        return proof.demandedBy(async () => {
          this.gate.admit(transaction, gate, 'unknown', solved);
          const issued = await this.otps.request(transaction, wish);
          await this.gate.spendText(transaction, gate, 'unknown');
          return issued;
        });
      }),
    );
  }

  /**
   * Answers again for 60 s: where the session has just moved the account by this very code, and with an
   * `Idempotency-Key` in any case.
   * @throws FreshLoginRequired, InvalidOtp, IdempotencyKeyReused if the key came with another request, or InvalidFields
   * if the number has an account: told to a caller who has proved to read its texts
   */
  async verify(
    caller: Caller,
    phoneNumber: PhoneNumber,
    otp: string,
    client: ClientInfo,
    key?: string,
  ): Promise<NumberedAccount> {
    const { e164 } = phoneNumber;
    const gate = await this.gate.forGuess(phoneNumber, client);
    const request = { key, scope: ['new-number-verify', caller.accountId], body: [e164, otp] };
    return this.transactions.run(async (transaction) => {
      const outcome = await this.replies.once(
        transaction,
        request,
        () => this.change(transaction, caller, gate, otp, client),
        () => this.otps.countGuess(transaction, guessOf(caller, e164, client)),
      );
      // The code is used, so a repeat must find this outcome: it is kept like the other one.
      if (outcome === 'taken') throw numberTaken();
      return accountOf(transaction, caller);
    });
  }

  private async change(
    transaction: Transaction,
    caller: Caller,
    gate: Gate,
    otp: string,
    client: ClientInfo,
  ): Promise<'moved' | 'taken'> {
    const { sessionId } = caller;
    const { phoneNumber } = gate.subject;
    const account = await this.freshSignIn.demand(transaction, caller);
    const guess = guessOf(caller, phoneNumber, client);
    this.gate.admit(transaction, gate, 'unknown');
    const { outcome, issuedAt } = await this.otps.consume(
      transaction,
      { ...guess, otp },
      await this.otps.read(transaction, guess),
    );
    this.gate.guessed(transaction, gate, 'unknown', { right: outcome === 'right', issuedAt });
    if (outcome === 'right') return this.move(transaction, account, sessionId, phoneNumber, client);
    const justNow = { sessionId, withinSeconds: lifeSeconds };
    const isRepeat =
      account.phoneNumber === phoneNumber &&
      (await this.otps.hasUsed(transaction, phoneNumber, 'new-number', otp, justNow));
    if (!isRepeat) throw new InvalidOtp();
    return 'moved';
  }

  private async move(
    transaction: Transaction,
    { id: accountId, phoneNumber: former, locale }: NumberedAccount,
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
