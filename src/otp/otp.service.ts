import { Injectable } from '@nestjs/common';
import type { ClientInfo } from '../client/client-info';
import type { LanguageWish } from '../client/language-wish';
import { addSeconds, Clock, secondsUntil } from '../clock/clock';
import { Throttled } from '../error/refusal';
import { withAsciiDigits } from '../phone/ascii-digits';
import { SmsOutbox } from '../sms/sms-outbox';
import type { Join } from '../transaction/join';
import type { Transaction } from '../transaction/transaction';
import type { OtpChallenge, OtpPurpose } from './otp-challenge.entity';
import {
  OtpChallengeRepository,
  type ChallengeRequest,
  type Guess,
  type GuessedChallenge,
  type OtpOwner,
} from './otp-challenge.repository';
import { isSameCode } from './otp-code';
import { OtpCodes, type CodedChallenge } from './otp-codes';
import { OtpLog, type RequestOutcome } from './otp-log';
import { OtpPolicy } from './otp-policy';

/** A code that is on its way. Whole seconds. */
export interface IssuedOtp {
  expiresIn: number;
  resendIn: number;
  /** Of the text, to ask by what became of it. */
  requestId: string;
}

/** What a number without a challenge is compared with: the same statements, and no code is right. */
const noChallenge = { id: '', keyId: '', state: 'never_sent' } as const;

/** One-time codes: one live challenge a number and purpose, counted exactly by guarded updates. */
@Injectable()
export class OtpService {
  constructor(
    private readonly policy: OtpPolicy,
    private readonly challenges: OtpChallengeRepository,
    private readonly codes: OtpCodes,
    private readonly clock: Clock,
    private readonly outbox: SmsOutbox,
    private readonly log: OtpLog,
  ) {}

  /**
   * Issue a code, or send the live one once more if enough of its life is left, and leave the text in the outbox.
   * @param phoneNumber E.164
   * @param owner none where any caller who knows the code can use it
   * @throws Throttled inside the gap after the last text, and while a code of another account is live
   */
  async request(
    transaction: Transaction,
    phoneNumber: string,
    purpose: OtpPurpose,
    language: LanguageWish,
    owner?: OtpOwner,
    client?: ClientInfo,
  ): Promise<IssuedOtp> {
    const request = { phoneNumber, purpose, owner, at: this.clock.now() };
    const subject = { phoneNumber, purpose, client };
    const outcome = await this.prepare(transaction, request);
    const challenge = await this.challenges.find(transaction, request);
    transaction.afterCommit(() => this.log.requested(subject, outcome));
    if (outcome === 'in_gap') throw new Throttled(this.secondsUntilSendable(challenge, request));
    const requestId = await this.outbox.add(transaction, {
      template: purpose,
      challengeId: challenge.id,
      to: phoneNumber,
      language,
      unsent: this.codes.isKnown(phoneNumber),
    });
    return {
      requestId,
      expiresIn: Math.floor((challenge.expiresAt.getTime() - request.at.getTime()) / 1000),
      resendIn: this.policy.gapSeconds(challenge.sends),
    };
  }

  /**
   * Reads what a guess will be compared with, and in the same statement what its caller needs to know of the number.
   * What was read may be old by then: `consumeRead` says whether the code holds, and the owner of a joined table guards
   * its own updates.
   * @param phoneNumber E.164
   * @returns undefined if the number has no challenge for the purpose
   */
  read<Joined>(
    transaction: Transaction,
    phoneNumber: string,
    purpose: OtpPurpose,
    join: Join,
  ): Promise<(GuessedChallenge & Joined) | undefined> {
    return this.challenges.findGuessed(
      transaction,
      { phoneNumber, purpose, sessionId: '', at: this.clock.now() },
      join,
    );
  }

  /**
   * Compare a code with the live one, count the comparison, and use the code up if it is right.
   * @param phoneNumber E.164
   * @param sessionId the session that guesses; empty where the code has no owner
   * @returns whether the code was right, and live until this guess used it up
   */
  async consume(
    transaction: Transaction,
    phoneNumber: string,
    purpose: OtpPurpose,
    otp: string,
    sessionId = '',
    client?: ClientInfo,
  ): Promise<boolean> {
    const guess = { phoneNumber, purpose, sessionId, at: this.clock.now() };
    const challenge = await this.challenges.findGuessed(transaction, guess);
    return this.compare(transaction, guess, otp, challenge, client);
  }

  /**
   * As `consume`, where the challenge was read in this transaction.
   * @param challenge what `read` returned
   */
  consumeRead(
    transaction: Transaction,
    phoneNumber: string,
    purpose: OtpPurpose,
    otp: string,
    challenge: GuessedChallenge | undefined,
    client?: ClientInfo,
  ): Promise<boolean> {
    const guess = { phoneNumber, purpose, sessionId: '', at: this.clock.now() };
    return this.compare(transaction, guess, otp, challenge, client);
  }

  /**
   * A guess that is refused for another reason than its code counts like any other.
   * @param phoneNumber E.164
   * @param sessionId the session that guesses; empty where the code has no owner
   */
  async countGuess(transaction: Transaction, phoneNumber: string, purpose: OtpPurpose, sessionId = ''): Promise<void> {
    await this.challenges.countUncompared(transaction, { phoneNumber, purpose, sessionId, at: this.clock.now() });
  }

  /** @returns whether this session has just used this very code, at most so many seconds ago */
  async hasUsed(
    transaction: Transaction,
    phoneNumber: string,
    purpose: OtpPurpose,
    otp: string,
    { sessionId, withinSeconds }: { sessionId: string; withinSeconds: number },
  ): Promise<boolean> {
    const since = addSeconds(this.clock.now(), -withinSeconds);
    const challenge = await this.challenges.findUsed(transaction, { phoneNumber, purpose }, sessionId, since);
    return challenge !== null && this.isRight(otp, challenge);
  }

  /** Nothing is kept of a number that leaves: no challenge, and no text but the one that undoes a change. */
  async forget(transaction: Transaction, phoneNumber: string): Promise<void> {
    await this.challenges.forget(transaction, phoneNumber);
    await this.outbox.forget(transaction, phoneNumber);
  }

  /** Makes the number have a code that may be sent now. */
  private async prepare(transaction: Transaction, request: ChallengeRequest): Promise<RequestOutcome> {
    if (await this.challenges.resend(transaction, request)) return 'sent_again';
    if (await this.challenges.replace(transaction, request, this.codes.keyId)) return 'replaced';
    if (await this.challenges.issue(transaction, request, this.codes.keyId)) return 'issued';
    return 'in_gap';
  }

  private async compare(
    transaction: Transaction,
    guess: Guess,
    otp: string,
    challenge: GuessedChallenge | undefined,
    client?: ClientInfo,
  ): Promise<boolean> {
    const { phoneNumber, purpose } = guess;
    const { id, keyId, state } = challenge ?? noChallenge;
    const right = this.isRight(otp, { phoneNumber, purpose, id, keyId });
    const counted = right
      ? await this.challenges.useCode(transaction, guess, id)
      : await this.challenges.countGuess(transaction, guess, id);
    const uncounted = state === 'live' ? 'overtaken' : state;
    const outcome = counted ? (right ? 'right' : 'wrong') : uncounted;
    transaction.afterCommit(() => this.log.guessed({ phoneNumber, purpose, client }, outcome));
    return outcome === 'right';
  }

  private isRight(otp: string, challenge: CodedChallenge): boolean {
    const code = this.codes.of(challenge);
    return code !== undefined && isSameCode(code, withAsciiDigits(otp));
  }

  private secondsUntilSendable(challenge: OtpChallenge, { owner, at }: ChallengeRequest): number {
    const { resendAt, expiresAt, consumedAt, attempts, accountId, sends } = challenge;
    const live = consumedAt === null && expiresAt > at && attempts < this.policy.maxAttempts;
    const isOthers = live && accountId !== (owner?.accountId ?? null);
    if (isOthers && expiresAt > resendAt) return secondsUntil(expiresAt, at, this.policy.ttlSeconds);
    return secondsUntil(resendAt, at, this.policy.gapSeconds(sends));
  }
}
