import { Injectable } from '@nestjs/common';
import type { ClientInfo } from '../client/client-info';
import type { LanguageWish } from '../client/language-wish';
import { addSeconds, Clock } from '../clock/clock';
import { ChallengeRequired } from '../error/refusal';
import type { Finding } from '../limit/finding';
import type { Tally } from '../limit/number-history';
import { NumberLimitRepository } from '../limit/number-limit.repository';
import { throttledBy } from '../limit/throttled-by';
import { SmsOutbox } from '../sms/sms-outbox';
import type { Join } from '../transaction/join';
import { timeIn } from '../transaction/statement';
import type { Transaction } from '../transaction/transaction';
import { guessesLeft, laneOf, othersLane, parseLanes, type GuessingClient } from './lanes';
import type { OtpChallenge, OtpPurpose } from './otp-challenge.entity';
import { OtpChallengeRepository, type GuessedChallenge } from './otp-challenge.repository';
import { isSameCode, readCode } from './otp-code';
import { OtpCodes, type CodedChallenge } from './otp-codes';
import { OtpLog, type GuessOutcome, type RequestOutcome } from './otp-log';
import { OtpPolicy } from './otp-policy';
import {
  isLive,
  lastUse,
  RequestPlanner,
  type CodeRequest,
  type OtpOwner,
  type Plan,
  type Requester,
} from './request-plan';

/** A code that is on its way. Whole seconds. */
export interface IssuedOtp {
  expiresIn: number;
  resendIn: number;
  /** Of the text, to ask by what became of it. */
  requestId: string;
  format: OtpChallenge['format'];
}

/** What is asked for, by whom. */
export interface OtpWish {
  /** E.164. */
  phoneNumber: string;
  purpose: OtpPurpose;
  language: LanguageWish;
  requester: Requester;
  /** Absent where any caller who knows the code can use it. */
  owner?: OtpOwner;
  client?: ClientInfo;
}

/** A guess at the code of a number. */
export interface OtpGuess {
  /** E.164. */
  phoneNumber: string;
  purpose: OtpPurpose;
  otp: string;
  /** The session that guesses; empty where the code has no owner. */
  sessionId?: string;
  guesser: GuessingClient;
  client?: ClientInfo;
}

/** What became of a guess; nothing but `right` is told to the caller. */
export interface GuessResult {
  outcome: GuessOutcome;
  /** When the text with a right code was asked for. */
  issuedAt?: Date;
}

/** What a number without a challenge is compared with: the same statements, and no code is right. */
const noChallenge: GuessedChallenge = {
  ...{ id: '', keyId: '', format: 'numeric', lanes: '{"others":0,"known":0}', state: 'expired', issuedAt: '' },
  ...{ formerId: null, formerKeyId: null, formerFormat: null },
};

/** One-time codes: one live challenge a number and purpose, its guesses counted exactly, in lanes by who guesses. */
@Injectable()
export class OtpService {
  constructor(
    private readonly policy: OtpPolicy,
    private readonly challenges: OtpChallengeRepository,
    private readonly planner: RequestPlanner,
    private readonly numbers: NumberLimitRepository,
    private readonly codes: OtpCodes,
    private readonly clock: Clock,
    private readonly outbox: SmsOutbox,
    private readonly log: OtpLog,
  ) {}

  /**
   * Issue a code, or send the live one once more if enough of its life is left, and leave the text in the outbox.
   * @throws Throttled inside the gap after the last text, when the number's texts are used up, and while a code of another
   *   account is live; ChallengeRequired where a solved challenge would help
   */
  async request(transaction: Transaction, wish: OtpWish): Promise<IssuedOtp> {
    const { phoneNumber, purpose, client } = wish;
    const at = this.clock.now();
    const locked = await this.numbers.lock(transaction, phoneNumber);
    const challenges = await this.challenges.lockAll(transaction, phoneNumber);
    const former = challenges.find((it) => it.purpose === purpose);
    const request = { ...wish, at, unsent: this.codes.isKnown(phoneNumber) };
    const plan = this.planner.plan(request, { history: locked.history, challenges });
    const outcome = outcomeOf(plan, former, at);
    transaction.afterCommit(() => this.log.requested({ phoneNumber, purpose, client }, outcome, findingOf(plan)));
    const history =
      plan.kind === 'challenge' ? undefined : plan.kind === 'refuse' ? plan.opened?.history : plan.history;
    if (history !== undefined) await this.numbers.save(transaction, locked, history);
    const challenge = await this.write(transaction, request, plan, former);
    if (plan.kind === 'challenge') throw new ChallengeRequired();
    if (plan.kind === 'refuse') throw throttledBy(plan.finding);
    return this.send(transaction, request, wish.language, challenge!, plan.resendIn);
  }

  /**
   * Reads what a guess will be compared with, and in the same statement what its caller needs to know of the number.
   * What was read may be old by then: `consume` says whether the code holds, and the owner of a joined table guards its own
   * updates.
   * @returns undefined if the number has no challenge for the purpose
   */
  read<Joined>(
    transaction: Transaction,
    { phoneNumber, purpose, sessionId = '' }: Pick<OtpGuess, 'phoneNumber' | 'purpose' | 'sessionId'>,
    join?: Join,
  ): Promise<(GuessedChallenge & Joined) | undefined> {
    return this.challenges.findGuessed(transaction, { phoneNumber, purpose, sessionId, at: this.clock.now() }, join);
  }

  /**
   * Compare a code with the live one, count the comparison, and use the code up if it is right.
   * @param challenge what `read` returned in this transaction
   * @returns `right` if the code was right, and live until this guess used it up
   */
  async consume(transaction: Transaction, guess: OtpGuess, challenge?: GuessedChallenge): Promise<GuessResult> {
    const { phoneNumber, purpose, sessionId = '', client, otp } = guess;
    const read = challenge ?? noChallenge;
    const at = this.clock.now();
    const lanes = parseLanes(read.lanes);
    const lane = purpose === 'sign-in' ? laneOf(lanes, guess.guesser) : othersLane;
    const left = guessesLeft(lanes, lane, this.policy.maxAttempts);
    const compared = codesFor(guess, read, left);
    const isLive = read.state === 'live' && left > 0;
    // Where no guess is left, a right code must cost the same statements as a wrong one: time would tell it.
    const found = compared.find((it) => this.isRight(otp, it));
    const right = isLive ? found : undefined;
    const count = {
      ...{ id: (right ?? compared[0]!).id, isFormer: right !== undefined && right !== compared[0] },
      ...{ lane, compared: compared.length, consumedAt: right === undefined ? null : at },
    };
    const key = { phoneNumber, purpose, sessionId, at };
    const write = () => this.challenges.count(transaction, key, count);
    const isCounted =
      right === undefined ? await this.countWrong(transaction, guess, isLive, compared, write) : await write();
    const outcome = isCounted ? (right ? 'right' : 'wrong') : uncounted(challenge, left);
    transaction.afterCommit(() => this.log.guessed({ phoneNumber, purpose, client }, outcome));
    return outcome === 'right' ? { outcome, issuedAt: timeIn(read.issuedAt) } : { outcome };
  }

  /** A guess that is refused for another reason than its code counts like any other. */
  async countGuess(transaction: Transaction, guess: Omit<OtpGuess, 'otp'>): Promise<void> {
    await this.consume(transaction, { ...guess, otp: '' }, await this.read(transaction, guess));
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

  /**
   * Nothing is kept of a number that leaves: no challenge, and no text but the one that undoes a change. Its limits go on,
   * under a keyed hash.
   */
  async forget(transaction: Transaction, phoneNumber: string): Promise<void> {
    const challenges = await this.challenges.findAll(transaction, phoneNumber);
    if (challenges.some(({ consumedAt }) => consumedAt !== null)) {
      const locked = await this.numbers.lock(transaction, phoneNumber);
      const usedAt = lastUse({ history: locked.history, challenges })!;
      await this.numbers.save(transaction, locked, { ...locked.history, usedAt });
    }
    await this.challenges.forget(transaction, phoneNumber);
    await this.outbox.forget(transaction, phoneNumber);
  }

  /**
   * The lock of the number comes first, as it does for a request: the other way round the two would wait for each other. A
   * guess at a number without a live code writes as much, so that the time of a reply tells nothing.
   */
  private async countWrong(
    transaction: Transaction,
    { phoneNumber }: OtpGuess,
    isLive: boolean,
    compared: readonly CodedChallenge[],
    write: () => Promise<boolean>,
  ): Promise<boolean> {
    const locked = isLive
      ? await this.numbers.lock(transaction, phoneNumber)
      : await this.numbers.lockStandIn(transaction);
    const isCounted = await write();
    const numeric = compared.filter(({ format }) => format === 'numeric').length;
    const tally: Tally = [this.clock.now().getTime(), numeric];
    const wrong = isCounted && numeric > 0 ? [...locked.history.wrong, tally] : locked.history.wrong;
    await this.numbers.save(transaction, locked, { ...locked.history, wrong });
    return isCounted;
  }

  private async write(
    transaction: Transaction,
    { phoneNumber, purpose, owner, at }: CodeRequest,
    plan: Plan,
    former: OtpChallenge | undefined,
  ): Promise<OtpChallenge | undefined> {
    const session = { accountId: owner?.accountId ?? null, sessionId: owner?.sessionId ?? null };
    if (plan.kind === 'issue') {
      const challenge: OtpChallenge = {
        ...{ phoneNumber, purpose, ...session, id: crypto.randomUUID(), keyId: this.codes.keyId },
        ...{ format: plan.format, lanes: JSON.stringify(plan.lanes), attempts: plan.attempts },
        ...{ issuedAt: at, expiresAt: this.policy.expiresAt(at), consumedAt: null },
        ...formerOf(former, at),
      };
      if (former === undefined) await this.challenges.insert(transaction, challenge);
      else await this.challenges.update(transaction, challenge);
      return challenge;
    }
    const lanes = plan.kind === 'resend' ? plan.lanes : plan.kind === 'refuse' ? plan.opened?.lanes : undefined;
    if (former === undefined || lanes === undefined) return former;
    const asked = plan.kind === 'resend' ? session : {};
    const challenge = { ...former, ...asked, lanes: JSON.stringify(lanes) };
    const isSame = challenge.lanes === former.lanes && challenge.sessionId === former.sessionId;
    if (!isSame) await this.challenges.update(transaction, challenge);
    return challenge;
  }

  private async send(
    transaction: Transaction,
    { phoneNumber, purpose, unsent, at }: CodeRequest,
    language: LanguageWish,
    challenge: OtpChallenge,
    resendIn: number,
  ): Promise<IssuedOtp> {
    const text = { template: purpose, challengeId: challenge.id, to: phoneNumber, language, unsent };
    const requestId = await this.outbox.add(transaction, text);
    return {
      requestId,
      expiresIn: Math.floor((challenge.expiresAt.getTime() - at.getTime()) / 1000),
      resendIn,
      format: challenge.format,
    };
  }

  private isRight(otp: string, challenge: CodedChallenge): boolean {
    const code = this.codes.of(challenge);
    return code !== undefined && isSameCode(code, readCode(otp, challenge.format));
  }
}

/** The code of the challenge; for who is known also the one that it replaced, if the lane has a guess for each. */
function codesFor({ phoneNumber, purpose, guesser }: OtpGuess, read: GuessedChallenge, left: number): CodedChallenge[] {
  const { id, keyId, format, formerId, formerKeyId, formerFormat } = read;
  const current = { phoneNumber, purpose, id, keyId, format };
  const isKnown = guesser.device !== undefined || guesser.isNetworkKnown;
  if (!isKnown || left < 2 || formerId === null || formerKeyId === null || formerFormat === null) return [current];
  return [current, { ...current, id: formerId, keyId: formerKeyId, format: formerFormat }];
}

function uncounted(challenge: GuessedChallenge | undefined, left: number): GuessOutcome {
  if (challenge === undefined) return 'never_sent';
  if (challenge.state !== 'live') return challenge.state;
  return left > 0 ? 'overtaken' : 'used_up';
}

function outcomeOf(plan: Plan, former: OtpChallenge | undefined, at: Date): RequestOutcome {
  if (plan.kind === 'refuse') return plan.finding.rule === 'code_already_sent' ? 'in_gap' : 'refused';
  if (plan.kind === 'challenge') return 'challenge_required';
  if (plan.kind === 'resend') return 'sent_again';
  return former !== undefined && isLive(former, at) ? 'replaced' : 'issued';
}

function findingOf(plan: Plan): Finding | undefined {
  return plan.kind === 'refuse' || plan.kind === 'challenge' ? plan.finding : undefined;
}

/** A live code that is replaced stays good, until its end, for who is known. */
function formerOf(former: OtpChallenge | undefined, at: Date) {
  if (former === undefined || !isLive(former, at))
    return { formerId: null, formerKeyId: null, formerFormat: null, formerExpiresAt: null };
  const { id, keyId, format, expiresAt } = former;
  return { formerId: id, formerKeyId: keyId, formerFormat: format, formerExpiresAt: expiresAt };
}
