import { Injectable } from '@nestjs/common';
import type { ClientInfo } from '../client/client-info';
import { ChallengeRequired, type Refusal } from '../error/refusal';
import { Budgets } from '../limit/budgets';
import { ClientLimits, type Verified } from '../limit/client-limits';
import type { Finding } from '../limit/finding';
import type { Standing } from '../limit/number-limits';
import type { Subject } from '../limit/subject';
import { throttledBy } from '../limit/throttled-by';
import type { PhoneNumber } from '../phone/phone-number';
import type { Transaction } from '../transaction/transaction';

/** What the limits by address, prefix and service say of one request, before it is known who sends it. */
export interface Gate {
  subject: Subject;
  findings: readonly Finding[];
  /** The service is under attack: codes for clients without a known device must not be numeric. */
  isAlarmed: boolean;
}

/** The rules that hold for known devices, too. */
const operatorsRules = ['denied_prefix', 'denied_network'];

/**
 * Limits by address, by prefix and for the whole service. They are looked at before the transaction, as their counters may
 * be in Redis, applied inside it, when it is known whether the client is, and told of what happened after its commit.
 */
@Injectable()
export class ClientGate {
  constructor(
    private readonly limits: ClientLimits,
    private readonly budgets: Budgets,
  ) {}

  /** For a request for a code. Not to be called inside a transaction. */
  async forText(phoneNumber: PhoneNumber, client: ClientInfo): Promise<Gate> {
    const subject = subjectOf(phoneNumber, client);
    const [findings, isAlarmed] = await Promise.all([this.limits.check(subject), this.limits.isRaised()]);
    return { subject, findings, isAlarmed };
  }

  /** For a guess. Not to be called inside a transaction. */
  async forGuess(phoneNumber: PhoneNumber, client: ClientInfo): Promise<Gate> {
    const subject = subjectOf(phoneNumber, client);
    return { subject, findings: await this.limits.checkGuess(subject), isAlarmed: false };
  }

  /**
   * @param solved whether a challenge was solved, or none can be asked for
   * @throws Throttled, ChallengeRequired by the worst finding that holds for this client
   */
  admit(transaction: Transaction, { subject, findings }: Gate, standing: Standing, solved = false): void {
    const holding = findings.filter(({ rule }) => standing === 'unknown' || operatorsRules.includes(rule));
    const refused = holding.find(({ verdict }) => verdict === 'refuse');
    if (refused !== undefined) throw this.refusal(transaction, subject, refused, throttledBy(refused));
    const challenged = holding.find(({ verdict }) => verdict === 'challenge');
    if (challenged !== undefined && !solved)
      throw this.refusal(transaction, subject, challenged, new ChallengeRequired());
  }

  /**
   * Takes a text from the budgets of the day, after it was written.
   * @throws Throttled, and nothing of the transaction stays, if one of them is used up
   */
  async spendText(transaction: Transaction, { subject }: Gate, standing: Standing): Promise<void> {
    const known = { ...subject, isKnownDevice: standing === 'device' };
    const findings = await this.budgets.spend(transaction, known);
    const refused = findings.find(({ verdict }) => verdict === 'refuse');
    if (refused !== undefined) {
      void this.limits.refused(known, [refused]);
      throw transaction.rollingBack(throttledBy(refused));
    }
    transaction.afterCommit(() => void this.limits.asked(known));
  }

  /** Tells the limits of a guess, once it is committed. */
  guessed(transaction: Transaction, { subject }: Gate, standing: Standing, verified: Verified): void {
    const known = { ...subject, isKnownDevice: standing === 'device' };
    transaction.afterCommit(() => void this.limits.verified(known, verified));
  }

  private refusal(transaction: Transaction, subject: Subject, finding: Finding, refusal: Refusal): Refusal {
    transaction.afterCommit(() => void this.limits.refused(subject, [finding]));
    return refusal;
  }
}

function subjectOf({ e164: phoneNumber, country }: PhoneNumber, { address: network }: ClientInfo): Subject {
  return { phoneNumber, country, network, isKnownDevice: false };
}
