import { Injectable } from '@nestjs/common';
import type { ClientInfo } from '../client/client-info';
import type { LanguageWish } from '../client/language-wish';
import { InvalidOtp } from '../error/refusal';
import { DeviceTokens } from '../limit/device-tokens';
import { OtpService, type IssuedOtp } from '../otp/otp.service';
import type { PhoneNumber } from '../phone/phone-number';
import { Idempotency, type IdempotentRequest } from '../session/idempotency';
import type { Session } from '../session/session.entity';
import { newSessionId, SessionService } from '../session/session.service';
import { joined } from '../transaction/join';
import type { Transaction } from '../transaction/transaction';
import { TransactionRunner } from '../transaction/transaction-runner';
import { accountOfNumber, Accounts, claimsOf, type AccountClaimValues, type JoinedAccount } from './accounts';
import { ChallengeProofs } from './challenge-proof';
import { ClientGate, type Gate } from './client-gate';
import { ClientRecognition, type RecognitionRow } from './client-recognition';
import type { SignInDto } from './dto/sign-in.dto';
import { IdempotentReplies } from './idempotent-replies';
import { RecycledNumbers } from './recycled-numbers';
import { TokenPairs } from './token-pairs';

interface SignIn {
  session: Session;
  /** What is known of the account anyway; a repeated request has to ask. */
  claims?: AccountClaimValues;
}

/** What a sign-in replies. */
export interface SignedIn {
  tokens: SignInDto;
  /** For the device to be known by: the header `X-Device-Token`. */
  deviceToken: string;
}

/** The story: a number asks for a code, the code becomes tokens. */
@Injectable()
export class AccountService {
  constructor(
    private readonly transactions: TransactionRunner,
    private readonly gate: ClientGate,
    private readonly proofs: ChallengeProofs,
    private readonly recognition: ClientRecognition,
    private readonly otps: OtpService,
    private readonly accounts: Accounts,
    private readonly recycled: RecycledNumbers,
    private readonly sessions: SessionService,
    private readonly pairs: TokenPairs,
    private readonly idempotency: Idempotency,
    private readonly replies: IdempotentReplies,
    private readonly deviceTokens: DeviceTokens,
  ) {}

  /**
   * The same for known and unknown numbers: accounts are not even looked at.
   * @param key the same request with the same key gets the same answer for 60 s, and sends no other text
   * @param captchaToken a solved challenge; used up where one is demanded, unless the request is answered again
   * @throws Throttled inside the gap after the last text, IdempotencyKeyReused if the key came with another request,
   *   ChallengeRequired or ChallengeInvalid where a challenge is demanded
   */
  async requestOtp(
    phoneNumber: PhoneNumber,
    language: LanguageWish,
    client: ClientInfo,
    key?: string,
    captchaToken?: string,
  ): Promise<IssuedOtp> {
    const { e164 } = phoneNumber;
    const [proof, gate] = await Promise.all([this.proofs.of(captchaToken), this.gate.forText(phoneNumber, client)]);
    const request = { key, scope: ['request-otp', e164], body: [language.locale ?? ''] };
    return this.transactions.run((transaction) =>
      this.replies.once(transaction, request, async () => {
        const recognised = await this.recognition.ofNumber(transaction, e164, client);
        const { standing } = recognised;
        const solved = await proof.spend(transaction);
        const requester = { ...recognised, solved, isSuspect: gate.isAlarmed && standing !== 'device' };
        const wish = { phoneNumber: e164, purpose: 'sign-in' as const, language, requester, client };
        return proof.demandedBy(async () => {
          this.gate.admit(transaction, gate, standing, solved);
          const issued = await this.otps.request(transaction, wish);
          await this.gate.spendText(transaction, gate, standing);
          return issued;
        });
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
  ): Promise<SignedIn> {
    const { e164 } = phoneNumber;
    const repeatable =
      idempotencyKey === undefined ? undefined : this.idempotency.requestOf(idempotencyKey, ['sign-in', e164], [otp]);
    const gate = await this.gate.forGuess(phoneNumber, client);
    const { session, claims } = await this.transactions.run<SignIn>(async (transaction) => {
      // The same key with another code is a guess, and costs one: whatever that code is.
      const countGuess = async () => void (await this.guess(transaction, gate, '', client));
      const earlier = repeatable && (await this.sessions.earlier(transaction, repeatable, countGuess));
      return earlier ? { session: earlier } : this.signIn(transaction, { phoneNumber, gate }, otp, client, repeatable);
    });
    const { refresh, access } = await this.pairs.of(session, claims);
    return {
      tokens: { refresh, access, new_member: session.newMember },
      deviceToken: this.deviceTokens.of(session.id),
    };
  }

  private async signIn(
    transaction: Transaction,
    { phoneNumber, gate }: { phoneNumber: PhoneNumber; gate: Gate },
    otp: string,
    client: ClientInfo,
    idempotency?: IdempotentRequest,
  ): Promise<SignIn> {
    const { e164 } = phoneNumber;
    const { result, read, recognised } = await this.guess(transaction, gate, otp, client);
    if (result.outcome !== 'right') {
      // Of two equal requests side by side the second one gets here when the first has used the code.
      const earlier = idempotency && (await this.sessions.earlier(transaction, idempotency));
      if (earlier === undefined) throw new InvalidOtp();
      return { session: earlier };
    }
    const id = newSessionId();
    const clients = this.recognition.changeBy(e164, client, id, recognised);
    const holder = await this.recycled.holderOf(transaction, e164, read);
    const { account, newMember } = await this.accounts.enter(transaction, e164, holder, clients);
    const start = { id, accountId: account.id, newMember, client, phoneNumber: e164, idempotency };
    const session = await this.sessions.open(transaction, start);
    return { session, claims: claimsOf(account, phoneNumber) };
  }

  /** @param otp empty for a guess that is counted but cannot be right */
  private async guess(transaction: Transaction, gate: Gate, otp: string, client: ClientInfo) {
    const { phoneNumber } = gate.subject;
    const known = this.recognition.join(client);
    const read = await this.otps.read<JoinedAccount & RecognitionRow>(
      transaction,
      { phoneNumber, purpose: 'sign-in' },
      joined(accountOfNumber, known),
    );
    const recognised = this.recognition.of(phoneNumber, client, read);
    const guess = { phoneNumber, purpose: 'sign-in' as const, otp, guesser: recognised, client };
    this.gate.admit(transaction, gate, recognised.standing);
    const result = await this.otps.consume(transaction, guess, read);
    const right = result.outcome === 'right';
    this.gate.guessed(transaction, gate, recognised.standing, { right, issuedAt: result.issuedAt });
    return { result, read, recognised };
  }
}
