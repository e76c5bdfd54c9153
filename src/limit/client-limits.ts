import { networkOf } from '../client/client-info';
import type { Clock } from '../clock/clock';
import type { Pseudonyms } from '../key/pseudonyms';
import type { Log } from '../log/log';
import type { AddressLimits } from './address-limits';
import type { Counts } from './counts';
import type { Finding } from './finding';
import type { OperatorLists } from './operator-lists';
import type { SprayAlarm } from './spray-alarm';
import type { Subject } from './subject';
import type { TollAlarm } from './toll-alarm';

/** How a guess ended, and of a right one the text that it answers. */
export interface Verified {
  right: boolean;
  /** When the text with that code was asked. */
  issuedAt?: Date;
  /** Where it was asked from, as `countedNetwork` returns it; without it the address that signs in. */
  askedFrom?: string;
}

/** What the rules are made of. */
export interface Rules {
  lists: OperatorLists;
  addresses: AddressLimits;
  spray: SprayAlarm;
  toll: TollAlarm;
}

/**
 * The limits that are counted by client address, by prefix and for the whole service: docs/limits.md. They are asked before
 * the transaction and told after its commit, as their counters may be in Redis. Those in the database are `Budgets`.
 */
export class ClientLimits {
  constructor(
    private readonly rules: Rules,
    private readonly counts: Counts,
    private readonly pseudonyms: Pseudonyms,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /**
   * Looks at a request for a code, and counts nothing.
   * @returns a finding for each rule; the worst verdict of them holds
   */
  async check(subject: Subject): Promise<Finding[]> {
    const { lists, addresses, spray, toll } = this.rules;
    const findings = await Promise.all([addresses.checkTexts(subject), spray.check(), toll.check(subject)]);
    return [...lists.check(subject), ...this.unlessTrusted(subject, findings.flat())];
  }

  /** Looks at a guess, and counts nothing. If it is refused, its code must not be compared. */
  async checkGuess(subject: Subject): Promise<Finding[]> {
    const { lists, addresses } = this.rules;
    return [...lists.check(subject), ...this.unlessTrusted(subject, await addresses.checkGuess(subject))];
  }

  /** @returns whether codes for clients without a known device must be alphanumeric */
  isRaised(): Promise<boolean> {
    return this.rules.spray.isRaised();
  }

  /** A text was asked for and the transaction has committed. Never rejects, so that nobody need wait for it. */
  async asked(subject: Subject): Promise<void> {
    const { addresses, toll } = this.rules;
    const at = this.clock.now();
    const counters = [...addresses.countersOfText(subject), ...(await toll.countersOfText(subject))];
    await this.counts.add(counters.map((counter) => ({ counter, at })));
  }

  /**
   * A code was compared, or there was none to compare with, which counts like a wrong one; the transaction has committed.
   * Never rejects.
   */
  async verified(subject: Subject, { right, issuedAt, askedFrom = subject.network }: Verified): Promise<void> {
    const { addresses, spray, toll } = this.rules;
    const now = this.clock.now();
    const guess = [...addresses.countersOfGuess(subject, right), ...spray.countersOfGuess(right)];
    const secondsSinceText = issuedAt === undefined ? 0 : (now.getTime() - issuedAt.getTime()) / 1000;
    const signIn = right
      ? [...addresses.countersOfSignIn(askedFrom), ...toll.countersOfSignIn(subject, secondsSinceText)]
      : [];
    await this.counts.add([
      ...guess.map((counter) => ({ counter, at: now })),
      ...signIn.map((counter) => ({ counter, at: issuedAt ?? now })),
    ]);
    if (!right) await spray.judge(now);
  }

  /**
   * A request or guess was refused, or a challenge was demanded, because of these findings: those that do not pass are
   * logged. Never rejects.
   */
  async refused(subject: Subject, findings: readonly Finding[]): Promise<void> {
    for (const { rule, count, limit, verdict } of findings) {
      if (verdict === 'pass') continue;
      const who = { phone: this.pseudonyms.of(subject.phoneNumber), network: networkOf(subject.network) };
      this.log.event('limit reached', { ...who, rule, count, limit, outcome: verdict });
      if (rule === 'toll_stop') await this.rules.toll.stopped(subject, this.clock.now());
    }
  }

  /** A known device and what the operator allows pass every rule but the operator's own. */
  private unlessTrusted(subject: Subject, findings: Finding[]): Finding[] {
    if (!subject.isKnownDevice && !this.rules.lists.allows(subject)) return findings;
    return findings.map((finding) => ({ ...finding, verdict: 'pass', retryAfterSeconds: undefined }));
  }
}
