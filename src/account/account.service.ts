import { Injectable } from '@nestjs/common';
import { Challenges } from '../challenge/challenges';
import type { ClientInfo } from '../client/client-info';
import type { LanguageWish } from '../client/language-wish';
import { ChallengeInvalid, InvalidOtp } from '../error/refusal';
import { OtpService, type IssuedOtp } from '../otp/otp.service';
import type { PhoneNumber } from '../phone/phone-number';
import { Idempotency, type IdempotentRequest } from '../session/idempotency';
import type { Session } from '../session/session.entity';
import { SessionService } from '../session/session.service';
import type { Transaction } from '../transaction/transaction';
import { TransactionRunner } from '../transaction/transaction-runner';
import { accountOfNumber, Accounts, claimsOf, type AccountClaimValues, type JoinedAccount } from './accounts';
import type { SignInDto } from './dto/sign-in.dto';
import { IdempotentReplies } from './idempotent-replies';
import { TokenPairs } from './token-pairs';

interface SignIn {
  session: Session;
  /** What is known of the account anyway; a repeated request has to ask. */
  claims?: AccountClaimValues;
}

/** The story: a number asks for a code, the code becomes tokens. */
@Injectable()
export class AccountService {
  constructor(
    private readonly transactions: TransactionRunner,
    private readonly challenges: Challenges,
    private readonly otps: OtpService,
    private readonly accounts: Accounts,
    private readonly sessions: SessionService,
    private readonly pairs: TokenPairs,
    private readonly idempotency: Idempotency,
    private readonly replies: IdempotentReplies,
  ) {}

  /**
   * The same for known and unknown numbers: accounts are not even looked at.
   * @param key the same request with the same key gets the same answer for 60 s, and sends no other text
   * @param captchaToken a solved challenge; used up where one is demanded, unless the request is answered again
   * @throws Throttled inside the gap after the last text, IdempotencyKeyReused if the key came with another request,
   *   ChallengeRequired or ChallengeInvalid where a challenge is demanded
   */
  async requestOtp(
    { e164 }: PhoneNumber,
    language: LanguageWish,
    client: ClientInfo,
    key?: string,
    captchaToken?: string,
  ): Promise<IssuedOtp> {
    const solved = this.challenges.isDemanded(false) ? await this.challenges.demand(captchaToken) : undefined;
    const request = { key, scope: ['request-otp', e164], body: [language.locale ?? ''] };
    return this.transactions.run((transaction) =>
      this.replies.once(transaction, request, async () => {
        if (solved && !(await this.challenges.spend(transaction, solved))) throw new ChallengeInvalid();
        return this.otps.request(transaction, e164, 'sign-in', language, undefined, client);
      }),
    );
  }

  /**
   * @param idempotencyKey the same request with the same key gets the same session for 60 s
   * @throws InvalidOtp whatever is wrong with the code, IdempotencyKeyReused if the key came with another request
   */
  async verifyOtpAndGenerateToken(
    phoneNumber: PhoneNumber,
    otp: string,
    client: ClientInfo,
    idempotencyKey?: string,
  ): Promise<SignInDto> {
    const { e164 } = phoneNumber;
    const repeatable =
      idempotencyKey === undefined ? undefined : this.idempotency.requestOf(idempotencyKey, ['sign-in', e164], [otp]);
    const { session, claims } = await this.transactions.run<SignIn>(async (transaction) => {
      // The same key with another code is a guess, and costs one: whatever that code is.
      const countGuess = () => this.otps.countGuess(transaction, e164, 'sign-in');
      const earlier = repeatable && (await this.sessions.earlier(transaction, repeatable, countGuess));
      return earlier ? { session: earlier } : this.signIn(transaction, phoneNumber, otp, client, repeatable);
    });
    const { refresh, access } = await this.pairs.of(session, claims);
    return { refresh, access, new_member: session.newMember };
  }

  private async signIn(
    transaction: Transaction,
    phoneNumber: PhoneNumber,
    otp: string,
    client: ClientInfo,
    idempotency?: IdempotentRequest,
  ): Promise<SignIn> {
    const { e164 } = phoneNumber;
    const challenge = await this.otps.read<JoinedAccount>(transaction, e164, 'sign-in', accountOfNumber);
    if (!(await this.otps.consumeRead(transaction, e164, 'sign-in', otp, challenge, client))) {
      // Of two equal requests side by side the second one gets here when the first has used the code.
      const earlier = idempotency && (await this.sessions.earlier(transaction, idempotency));
      if (earlier === undefined) throw new InvalidOtp();
      return { session: earlier };
    }
    const { account, newMember } = await this.accounts.enter(transaction, e164, challenge);
    const start = { accountId: account.id, newMember, client, phoneNumber: e164, idempotency };
    const session = await this.sessions.open(transaction, start);
    return { session, claims: claimsOf(account, phoneNumber) };
  }
}
