import { Injectable } from '@nestjs/common';
import type { Finding } from './finding';
import { NumberLimitSettings } from './number-limit-settings';
import { countSince, historySpans, sumSince, type NumberHistory } from './number-history';

const { hour, day, month } = historySpans;

/** How the account of a number knows a client: by a device token, by the network of an earlier sign-in, or not at all. */
export type Standing = 'device' | 'network' | 'unknown';

/** A request for a text, as far as the limits of its number look at it. Times are milliseconds since 1970. */
export interface TextRequest {
  at: number;
  standing: Standing;
  /** A challenge was solved, or none can be asked for. */
  solved: boolean;
  /** When the last code of the number was used: the gap begins anew then. */
  usedAt?: number;
  /** A code for the purpose is live: its text may be on its way. */
  isLive?: boolean;
  /** Nothing is sent to the number of a tester. */
  unsent?: boolean;
}

/** What a code may take, as the number's budget of wrong guesses stands. */
export interface CodeBudget {
  format: CodeFormat;
  /** Guesses from networks that are not known and did not ask. */
  others: number;
}

/** `alphanumeric`: digits and consonants, for a number whose budget of wrong guesses at six digits is used up. */
export type CodeFormat = 'numeric' | 'alphanumeric';

/** Which of the number's two allowances a text is counted in. */
export type TextPool = 'texts' | 'ownTexts';

/** A known network gets fewer texts of its own than a device: those who share it must leave some to the device. */
const ownTextsOfNetworks = 3;
/**
 * Reserved for known networks as a six-digit code is issued: two of them may guess 5 times each, and 4 times more at a code
 * that another one replaced. A day's limit does without it, as a month's is what bounds a year.
 */
const guessesOfKnownNetworks = 14;
/** A day's guesses for all others together, and for networks that asked inside the gap: see docs/limits.md. */
const othersPerDay = 80;
const furtherPerDay = 80;

/** The limits of one phone number, whoever asks from wherever. Pure: a history in, findings out. See docs/limits.md. */
@Injectable()
export class NumberLimits {
  constructor(private readonly settings: NumberLimitSettings) {}

  /** @returns seconds that must pass after so many texts without a sign-in: 60, 120, then 300 by default */
  gapSeconds(sends: number): number {
    return this.settings.resendSeconds * (sends <= 1 ? 1 : sends === 2 ? 2 : 5);
  }

  /** @returns how many texts went out since the number's last sign-in, of the last 24 hours */
  sendsOf({ texts, ownTexts }: NumberHistory, usedAt = -Infinity): number {
    return [...texts, ...ownTexts].filter((at) => at > usedAt).length;
  }

  /** What each limit says of a text. The gap comes first. */
  findingsOf(history: NumberHistory, request: TextRequest): Finding[] {
    return [this.gap(history, request), this.textsOfHour(history, request), this.textsOfDay(history, request)];
  }

  /** @returns where to count a text that passes the gap; undefined if none may go out */
  poolOf(history: NumberHistory, request: TextRequest): TextPool | undefined {
    const findings = [this.textsOfHour(history, request), this.textsOfDay(history, request)];
    if (findings.every(({ verdict }) => verdict === 'pass' || (verdict === 'challenge' && request.solved)))
      return 'texts';
    return this.hasOwnText(history, request) ? 'ownTexts' : undefined;
  }

  /**
   * Whether the number still has wrong guesses left for six-digit codes (NIST SP 800-63B-4, section 3.1.3.2).
   * @param outstanding guesses that live six-digit codes of the number may still take
   */
  budgetOf(history: NumberHistory, outstanding: number, at: number): CodeBudget {
    const { maxAttempts: lane, wrongPerDay, wrongPerMonth } = this.settings;
    const left = (limit: number, span: number) =>
      limit === 0 ? Infinity : limit - sumSince(history.wrong, at, span) - outstanding;
    const guesses = Math.min(left(wrongPerDay, day), left(wrongPerMonth, month) - guessesOfKnownNetworks);
    if (guesses >= lane) return { format: 'numeric', others: Math.min(lane, guesses - lane) };
    return this.alphanumericBudget(history, at);
  }

  /** What is left of the budget of wrong guesses at six-digit codes; when it is used up, codes are alphanumeric. */
  wrongGuesses(history: NumberHistory, at: number): Finding {
    const { wrong } = history;
    const { wrongPerDay, wrongPerMonth } = this.settings;
    const [ofDay, ofMonth] = [sumSince(wrong, at, day), sumSince(wrong, at, month)];
    const isMonth = wrongPerMonth - ofMonth < wrongPerDay - ofDay;
    const [count, limit] = isMonth ? [ofMonth, wrongPerMonth] : [ofDay, wrongPerDay];
    const verdict = this.budgetOf(history, 0, at).format === 'alphanumeric' ? 'challenge' : 'pass';
    const help = 'Codes are alphanumeric until then; a solved challenge, or a known device, still gets one.';
    return { rule: 'number_wrong_guesses', count, limit, verdict, help };
  }

  /** As `budgetOf`, for a code that must not be numeric. */
  alphanumericBudget({ others }: NumberHistory, at: number): CodeBudget {
    const left = othersPerDay - sumSince(others, at, day);
    return { format: 'alphanumeric', others: Math.max(0, Math.min(this.settings.maxAttempts, left)) };
  }

  /** @returns whether one more network may get guesses of its own at an alphanumeric code */
  hasFurtherLane({ further }: NumberHistory, at: number): boolean {
    return sumSince(further, at, day) + this.settings.maxAttempts <= furtherPerDay;
  }

  private gap(history: NumberHistory, { at, usedAt, standing, isLive = true }: TextRequest): Finding {
    const last = Math.max(-Infinity, ...history.texts, ...history.ownTexts);
    // A longer gap would let strangers keep out who is known, once the code that they asked for has expired.
    const isKnownWithout = standing !== 'unknown' && !isLive;
    const limit = this.gapSeconds(isKnownWithout ? 1 : this.sendsOf(history, usedAt));
    const finding = { rule: 'code_already_sent', count: 0, limit, help: 'The text is on its way; wait for the gap.' };
    if (!Number.isFinite(last)) return { ...finding, verdict: 'pass' };
    const left = Math.ceil((last - at) / 1000 + limit);
    const count = Math.max(0, Math.floor((at - last) / 1000));
    // A clock that is ahead, of this node or of another, makes no wait longer than the gap itself.
    if (left <= 0) return { ...finding, count, verdict: 'pass' };
    return { ...finding, count, verdict: 'refuse', retryAfterSeconds: Math.min(left, limit) };
  }

  private textsOfHour(history: NumberHistory, request: TextRequest): Finding {
    const limit = this.settings.textsPerHour;
    return this.textsOf('number_texts_hour', history, request, { limit, span: hour });
  }

  private textsOfDay(history: NumberHistory, request: TextRequest): Finding {
    const limit = this.settings.textsPerDay;
    const finding = this.textsOf('number_texts_day', history, request, { limit, span: day });
    if (finding.verdict === 'pass') return finding;
    // They are used up by requests that nobody followed with a sign-in: the owner still gets one an hour.
    const wait = Math.ceil((Math.max(...history.texts) + hour - request.at) / 1000);
    const help = 'One text an hour still goes out, with a solved challenge; a known device has texts of its own.';
    if (wait <= 0) return { ...finding, help, verdict: 'challenge', retryAfterSeconds: undefined };
    return { ...finding, help, retryAfterSeconds: Math.min(wait, hour / 1000) };
  }

  private textsOf(
    rule: string,
    { texts }: NumberHistory,
    { at, unsent = false }: TextRequest,
    { limit, span }: { limit: number; span: number },
  ): Finding {
    const count = countSince(texts, at, span);
    const help = 'Wait, or ask from a device or network that has signed in before.';
    if (limit === 0 || unsent || count < limit) return { rule, count, limit, help, verdict: 'pass' };
    const freedAt = texts[texts.length - limit]! + span;
    const retryAfterSeconds = Math.max(1, Math.ceil((freedAt - at) / 1000));
    return { rule, count, limit, help, verdict: 'refuse', retryAfterSeconds };
  }

  private hasOwnText({ ownTexts }: NumberHistory, { at, standing }: TextRequest): boolean {
    const { deviceTextsPerDay: ofDevices } = this.settings;
    const limit = { device: ofDevices, network: Math.min(ofDevices, ownTextsOfNetworks), unknown: 0 }[standing];
    return countSince(ownTexts, at, day) < limit;
  }
}
