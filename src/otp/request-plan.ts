import { Injectable } from '@nestjs/common';
import type { Finding } from '../limit/finding';
import type { NumberHistory } from '../limit/number-history';
import {
  NumberLimits,
  type CodeBudget,
  type CodeFormat,
  type Standing,
  type TextPool,
  type TextRequest,
} from '../limit/number-limits';
import {
  guessesLeft,
  isFull,
  laneOf,
  lanesOf,
  othersLane,
  outstanding,
  parseLanes,
  type GuessingClient,
  type Lanes,
} from './lanes';
import type { OtpChallenge, OtpPurpose } from './otp-challenge.entity';
import { OtpPolicy } from './otp-policy';

/** Who asks for a code, and how well it is known. */
export interface Requester extends GuessingClient {
  standing: Standing;
  /** A challenge was solved, or none can be asked for. */
  solved: boolean;
  /** The service is under attack, and the client is not known: its code must not be numeric. */
  isSuspect?: boolean;
}

/** Who can use a code: the session that asked for it. Other sessions of its account may ask for it anew. */
export interface OtpOwner {
  accountId: string;
  sessionId: string;
}

/** A request for a code. */
export interface CodeRequest {
  /** E.164. */
  phoneNumber: string;
  purpose: OtpPurpose;
  requester: Requester;
  /** Absent where any caller who knows the code can use it. */
  owner?: OtpOwner;
  /** The number is that of a tester, who knows its code: no text is sent. */
  unsent: boolean;
  at: Date;
}

/** What is known of a number when a code is asked for. */
export interface NumberState {
  history: NumberHistory;
  /** Of all purposes. */
  challenges: readonly OtpChallenge[];
}

export type Plan =
  /** No text. The network may have got guesses of its own at the code that is on its way. */
  | { kind: 'refuse'; finding: Finding; opened?: { lanes: Lanes; history: NumberHistory } }
  | { kind: 'challenge'; finding: Finding }
  | { kind: 'resend'; lanes: Lanes; history: NumberHistory; resendIn: number }
  | { kind: 'issue'; format: CodeFormat; lanes: Lanes; attempts: number; history: NumberHistory; resendIn: number };

type Sent = Omit<Extract<Plan, { kind: 'resend' }>, 'resendIn'> | Omit<Extract<Plan, { kind: 'issue' }>, 'resendIn'>;

/** Decides what becomes of a request for a code. Pure: what it returns is written under the lock of the number. */
@Injectable()
export class RequestPlanner {
  constructor(
    private readonly policy: OtpPolicy,
    private readonly limits: NumberLimits,
  ) {}

  plan(request: CodeRequest, state: NumberState): Plan {
    const at = request.at.getTime();
    const { history } = state;
    const { standing, solved } = request.requester;
    const live = this.liveOf(request, state);
    const asked: TextRequest = {
      at,
      standing,
      solved,
      usedAt: lastUse(state),
      isLive: live !== undefined,
      unsent: request.unsent,
    };
    const [gap, ...others] = this.limits.findingsOf(history, asked) as [Finding, ...Finding[]];
    if (live !== undefined && live.accountId !== (request.owner?.accountId ?? null) && isUsable(live))
      return { kind: 'refuse', finding: this.foreign(gap, live, at) };
    // The same where the code was used a moment ago: nobody else need know of that.
    if (gap.verdict === 'refuse') return this.withoutText(request, history, gap, live);
    const budget = this.budget(request, state);
    const attacked: Finding = { ...this.limits.wrongGuesses(history, at), verdict: 'challenge' };
    if (budget.format === 'alphanumeric' && standing === 'unknown' && !solved)
      return { kind: 'challenge', finding: attacked };
    const pool = this.limits.poolOf(history, asked);
    if (pool === undefined) {
      const finding = others.find(({ verdict }) => verdict === 'refuse') ?? others[1]!;
      return finding.verdict === 'refuse'
        ? this.withoutText(request, history, finding, live)
        : { kind: 'challenge', finding };
    }
    // The number is flooded. Networks that ask later can get guesses of their own at an alphanumeric code alone.
    const isFlooded = standing === 'unknown' && others.some(({ verdict }) => verdict === 'challenge');
    const spent = isFlooded ? this.limits.alphanumericBudget(history, at) : budget;
    const sent = counted(history, pool, asked);
    const resendIn = this.limits.gapSeconds(this.limits.sendsOf(sent, sent.usedAt));
    return { ...this.send(request, sent, spent, live), resendIn };
  }

  private send(request: CodeRequest, history: NumberHistory, budget: CodeBudget, live: OtpChallenge | undefined): Sent {
    const { requester, purpose, at } = request;
    if (live !== undefined) {
      const opened = this.furtherLane(request, history, live);
      const lanes = opened?.lanes ?? parseLanes(live.lanes);
      const lane = purpose === 'sign-in' ? laneOf(lanes, requester) : othersLane;
      const mustStay = guessesLeft(lanes, lane, this.policy.maxAttempts) > 0 || isGuessedByOthers(lanes, requester);
      const canStay = live.expiresAt >= this.policy.usableUntil(at);
      if (mustStay && canStay) return { kind: 'resend', lanes, history: opened?.history ?? history };
      // About to expire: a new code gives no guess back that was made at the old one.
      if (mustStay) {
        const { format, attempts } = live;
        return { kind: 'issue', format, lanes, attempts, history: opened?.history ?? history };
      }
    }
    const lanes = lanesOf(budget, this.policy.maxAttempts, purpose === 'sign-in' ? requester.networks[0] : undefined);
    const isShared = budget.format === 'alphanumeric' && budget.others > 0;
    const others = isShared ? [...history.others, [at.getTime(), budget.others] as const] : history.others;
    return { kind: 'issue', format: budget.format, lanes, attempts: 0, history: { ...history, others } };
  }

  private withoutText(request: CodeRequest, history: NumberHistory, finding: Finding, live?: OtpChallenge): Plan {
    const opened = live && this.furtherLane(request, history, live);
    if (opened !== undefined && !request.requester.solved) return { kind: 'challenge', finding };
    return { kind: 'refuse', finding, opened };
  }

  /** Guesses of its own for a network that asks for an alphanumeric code which another one has asked for before. */
  private furtherLane({ purpose, requester, at }: CodeRequest, history: NumberHistory, live: OtpChallenge) {
    const lanes = parseLanes(live.lanes);
    const [name] = requester.networks;
    const hasLane = purpose !== 'sign-in' || laneOf(lanes, requester).name !== 'others';
    if (name === undefined || hasLane || live.format === 'numeric' || isFull(lanes)) return undefined;
    if (!this.limits.hasFurtherLane(history, at.getTime())) return undefined;
    const size = this.policy.maxAttempts;
    const further = [...history.further, [at.getTime(), size] as const];
    return { lanes: { ...lanes, [name]: size }, history: { ...history, further } };
  }

  private budget({ requester, purpose, unsent, at }: CodeRequest, { history, challenges }: NumberState): CodeBudget {
    const size = this.policy.maxAttempts;
    if (unsent) return { format: 'numeric', others: size };
    if (requester.isSuspect) return this.limits.alphanumericBudget(history, at.getTime());
    const beside = challenges.filter((it) => it.purpose !== purpose && isLive(it, at) && it.format === 'numeric');
    const reserved = beside.reduce((sum, { lanes }) => sum + outstanding(parseLanes(lanes)), 0);
    return this.limits.budgetOf(history, reserved, at.getTime());
  }

  private liveOf({ purpose, at }: CodeRequest, { challenges }: NumberState): OtpChallenge | undefined {
    return challenges.find((it) => it.purpose === purpose && isLive(it, at));
  }

  /** A code of another account is not replaced while it can be used. */
  private foreign(gap: Finding, { expiresAt }: OtpChallenge, at: number): Finding {
    const left = Math.min(this.policy.ttlSeconds, Math.max(1, Math.ceil((expiresAt.getTime() - at) / 1000)));
    const retryAfterSeconds = Math.max(left, gap.retryAfterSeconds ?? 0);
    return { ...gap, rule: 'throttled', verdict: 'refuse', retryAfterSeconds };
  }
}

export function isLive({ consumedAt, expiresAt }: OtpChallenge, at: Date): boolean {
  return consumedAt === null && expiresAt > at;
}

/** A code that was guessed to the end keeps no other account from asking. */
function isUsable({ lanes }: OtpChallenge): boolean {
  return outstanding(parseLanes(lanes)) > 0;
}

/** Whether another network that asked for the code still has guesses: its code is not replaced. */
function isGuessedByOthers({ others, known, ...asked }: Lanes, { networks }: Requester): boolean {
  void [others, known];
  return Object.entries(asked).some(([name, left]) => left > 0 && name.startsWith('n') && !networks.includes(name));
}

/** @returns when a code of the number was used last, in milliseconds; undefined if none was, as far as it is kept */
export function lastUse({ history, challenges }: NumberState): number | undefined {
  const times = challenges.flatMap(({ consumedAt }) => (consumedAt === null ? [] : [consumedAt.getTime()]));
  const last = Math.max(history.usedAt ?? -Infinity, ...times);
  return Number.isFinite(last) ? last : undefined;
}

/** The new code takes the place of the used one, so the history keeps the time of use. It is before that of the text. */
function counted(history: NumberHistory, pool: TextPool, { at, usedAt }: TextRequest): NumberHistory {
  const use = usedAt === undefined ? {} : { usedAt: Math.min(usedAt, at - 1) };
  return { ...history, ...use, [pool]: [...history[pool], at] };
}
