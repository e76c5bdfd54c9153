import { Injectable } from '@nestjs/common';
import type { ClientInfo } from '../client/client-info';
import { Clock } from '../clock/clock';
import { Budgets } from '../limit/budgets';
import { ClientLimits } from '../limit/client-limits';
import type { Finding } from '../limit/finding';
import { NumberLimitRepository } from '../limit/number-limit.repository';
import { NumberLimits } from '../limit/number-limits';
import { OtpChallengeRepository } from '../otp/otp-challenge.repository';
import { lastUse, RequestPlanner, type Plan } from '../otp/request-plan';
import type { PhoneNumber } from '../phone/phone-number';
import { TransactionRunner } from '../transaction/transaction-runner';
import { ClientRecognition } from './client-recognition';

/** Why a code would be sent to a number now, or not. */
export interface Explained {
  /** How the account of the number knows the client. */
  standing: string;
  /** Each rule, in the order in which they are asked. */
  findings: Finding[];
  /** What the limits of the number alone would do. */
  plan: Plan['kind'];
}

/** Runs every rule of a request for a code, and sends, counts and changes nothing: see docs/limits.md. */
@Injectable()
export class Explanation {
  constructor(
    private readonly transactions: TransactionRunner,
    private readonly recognition: ClientRecognition,
    private readonly clients: ClientLimits,
    private readonly budgets: Budgets,
    private readonly numbers: NumberLimitRepository,
    private readonly limits: NumberLimits,
    private readonly challenges: OtpChallengeRepository,
    private readonly planner: RequestPlanner,
    private readonly clock: Clock,
  ) {}

  /** @param solved whether the client would solve a challenge */
  async explain({ e164, country }: PhoneNumber, client: ClientInfo, solved: boolean): Promise<Explained> {
    const recognised = await this.transactions.read((transaction) =>
      this.recognition.ofNumber(transaction, e164, client),
    );
    const { standing } = recognised;
    const subject = { phoneNumber: e164, country, network: client.address, isKnownDevice: standing === 'device' };
    const ofClient = await this.clients.check(subject);
    const requester = { ...recognised, solved, isSuspect: !subject.isKnownDevice && (await this.clients.isRaised()) };
    return this.transactions.read(async (transaction) => {
      const at = this.clock.now();
      const history = await this.numbers.read(transaction, e164);
      const state = { history, challenges: await this.challenges.findAll(transaction, e164) };
      const request = { phoneNumber: e164, purpose: 'sign-in' as const, requester, unsent: false, at };
      const asked = { at: at.getTime(), standing, solved, usedAt: lastUse(state) };
      const ofNumber = [...this.limits.findingsOf(history, asked), this.limits.wrongGuesses(history, at.getTime())];
      const ofDay = await this.budgets.check(transaction, subject);
      return {
        standing,
        findings: [...ofClient, ...ofNumber, ...ofDay],
        plan: this.planner.plan(request, state).kind,
      };
    });
  }
}
