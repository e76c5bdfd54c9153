import type { Pseudonyms } from '../key/pseudonyms';
import type { AlarmLog } from './alarm-log';
import type { Counts } from './counts';
import { isShare, type Finding, type Verdict } from './finding';
import type { LimitSettings } from './limit-settings';
import { prefixOf, type Subject } from './subject';
import type { Counter } from './tally';

/** A text is judged once its receiver had time to sign in. */
const judgedAfterSeconds = 120;
/** A sign-in after that does not count for its text. */
const followedWithinSeconds = 900;

const hour = 3_600;
const neighbourSeconds = 600;

const texts = (place: string): Counter => ({ key: `toll-texts:${place}`, windowSeconds: hour });
const followed = (place: string): Counter => ({ key: `toll-followed:${place}`, windowSeconds: hour });
/** Counts the refusal that stopped the prefix for an hour. */
const stops = (prefix: string): Counter => ({ key: `toll-stops:${prefix}`, windowSeconds: hour });
const asked = (number: string): Counter => ({ key: `toll-number:${number}`, windowSeconds: neighbourSeconds });
const neighbours = (block: string): Counter => ({ key: `toll-block:${block}`, windowSeconds: neighbourSeconds });
const signedIn = (block: string): Counter => ({ key: `toll-signed-in:${block}`, windowSeconds: neighbourSeconds });

type Settings = Pick<
  LimitSettings,
  'toll' | 'tollTexts' | 'tollPercent' | 'tollStopTexts' | 'tollStopPercent' | 'tollNeighbours'
>;

/**
 * Notices toll fraud: texts are asked for numbers whose network pays the one who asks, and no sign-in follows. Countries
 * and prefixes are judged by the share of texts that were followed.
 */
export class TollAlarm {
  constructor(
    private readonly counts: Counts,
    private readonly settings: Settings,
    private readonly pseudonyms: Pseudonyms,
    private readonly log: AlarmLog,
  ) {}

  /** For a request for a code: one finding each for the country, the prefix, whether the prefix is stopped, and neighbours. */
  async check(subject: Subject): Promise<Finding[]> {
    if (this.settings.toll === 'off') return [];
    const prefix = prefixOf(subject);
    const findings = await Promise.all([
      ...(subject.country === undefined ? [] : [this.checkShare('toll_country', subject.country)]),
      this.checkShare('toll_prefix', prefix),
      this.checkStop(prefix),
      this.checkNeighbours(subject),
    ]);
    return findings.map(({ place, ...finding }) => this.judged(finding, place));
  }

  /** A request was refused as its prefix has too few sign-ins: the hour begins, and further requests do not prolong it. */
  async stopped(subject: Subject, at: Date): Promise<void> {
    const counter = stops(prefixOf(subject));
    const [before] = await this.counts.read([counter]);
    if (before.sum === 0) await this.counts.add([{ counter, at }]);
  }

  /** @returns what a text counts for */
  async countersOfText(subject: Subject): Promise<Counter[]> {
    if (this.settings.toll === 'off') return [];
    const number = asked(this.pseudonyms.of(subject.phoneNumber));
    const [before] = await this.counts.read([number]);
    // Neighbours are different numbers: a text that is sent again is none.
    const ofBlock = before.sum === 0 ? [neighbours(this.blockOf(subject))] : [];
    return [...places(subject).map(texts), number, ...ofBlock];
  }

  /** @returns what a sign-in counts for, at the time that its text was asked */
  countersOfSignIn(subject: Subject, secondsSinceText: number): Counter[] {
    if (this.settings.toll === 'off') return [];
    const inTime = secondsSinceText <= followedWithinSeconds ? places(subject).map(followed) : [];
    return [...inTime, signedIn(this.blockOf(subject))];
  }

  private async checkShare(rule: string, place: string) {
    const { tollTexts, tollPercent } = this.settings;
    const { sent, followed: count } = await this.judgedTexts(place);
    const isBad = sent >= tollTexts && !(count * 100 > sent * tollPercent);
    return {
      rule,
      place,
      count,
      limit: share(sent, tollPercent),
      verdict: bad(isBad, 'challenge'),
      help: helpWithChallenge,
    };
  }

  private async checkStop(place: string) {
    const [stopsOfHour] = await this.counts.read([stops(place)]);
    const { sent, followed: count } = await this.judgedTexts(place);
    const isStopped = stopsOfHour.sum > 0 || this.isTooFew(sent, count);
    return {
      ...{ rule: 'toll_stop', place, count, limit: share(sent, this.settings.tollStopPercent) },
      verdict: bad(isStopped, 'refuse'),
      ...(isStopped ? { retryAfterSeconds: stopsOfHour.sum > 0 ? stopsOfHour.secondsUntilBelow(1) : hour } : {}),
      help: 'Use a known device, or wait for an hour; the operator can allow the prefix.',
    };
  }

  private async checkNeighbours(subject: Subject) {
    const limit = this.settings.tollNeighbours;
    const block = this.blockOf(subject);
    const [numbers, signIns] = await this.counts.read([neighbours(block), signedIn(block)]);
    const isBad = numbers.sum >= limit && signIns.sum === 0;
    const place = prefixOf(subject);
    return {
      rule: 'toll_neighbours',
      place,
      count: numbers.sum,
      limit,
      verdict: bad(isBad, 'challenge'),
      help: helpWithChallenge,
    };
  }

  private isTooFew(sent: number, count: number): boolean {
    return sent >= this.settings.tollStopTexts && !isShare(count, sent, this.settings.tollStopPercent);
  }

  /** Of the last hour, without texts that are too young. */
  private async judgedTexts(place: string) {
    const [sent, signIns] = await this.counts.read([texts(place), followed(place)]);
    return { sent: sent.olderThan(judgedAfterSeconds), followed: signIns.olderThan(judgedAfterSeconds) };
  }

  private judged(finding: Finding, place: string): Finding {
    const { toll: mode } = this.settings;
    this.log.note(finding, { isRaised: finding.verdict !== 'pass', mode, place });
    return mode === 'enforce' ? finding : { ...finding, verdict: 'pass', retryAfterSeconds: undefined };
  }

  /** Keyed, as it is nearly a phone number. */
  private blockOf({ phoneNumber }: Subject): string {
    return this.pseudonyms.of(phoneNumber.slice(0, -3));
  }
}

const helpWithChallenge = 'Solve a challenge, or use a known device.';
const bad = (isBad: boolean, verdict: Verdict): Verdict => (isBad ? verdict : 'pass');
const share = (whole: number, percent: number) => Math.ceil((whole * percent) / 100);
const places = (subject: Subject) => [...(subject.country === undefined ? [] : [subject.country]), prefixOf(subject)];
