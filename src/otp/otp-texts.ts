import { Injectable } from '@nestjs/common';
import { Clock, secondsUntil } from '../clock/clock';
import type { SmsMessage } from '../sms/sms-message.entity';
import { TransactionRunner } from '../transaction/transaction-runner';
import type { LiveCode } from './live-code';
import { OtpChallengeRepository } from './otp-challenge.repository';
import { OtpCodes } from './otp-codes';
import { OtpPolicy } from './otp-policy';
import { PhoneChanges } from './phone-changes';

type Text = Pick<SmsMessage, 'phoneNumber' | 'challengeId' | 'template'>;

/** The codes of texts at the moment of sending, and only while they can still be used: they are stored nowhere. */
@Injectable()
export class OtpTexts {
  constructor(
    private readonly transactions: TransactionRunner,
    private readonly challenges: OtpChallengeRepository,
    private readonly policy: OtpPolicy,
    private readonly codes: OtpCodes,
    private readonly phoneChanges: PhoneChanges,
    private readonly clock: Clock,
  ) {}

  /** @returns by challenge; a code that is used, used up, replaced or past its life is left out: its text is not sent */
  async liveCodesFor(messages: readonly Text[]): Promise<ReadonlyMap<SmsMessage['challengeId'], LiveCode>> {
    const changes = messages.filter(({ template }) => template === 'phone-changed');
    const requests = messages.filter(({ template }) => template !== 'phone-changed');
    return new Map([...(await this.codesOfChanges(changes)), ...(await this.codesOfRequests(requests))]);
  }

  private async codesOfChanges(messages: readonly Text[]): Promise<[string, LiveCode][]> {
    const codes = await Promise.all(messages.map((message) => this.phoneChanges.liveCodeFor(message)));
    return codes.flatMap((live, place): [string, LiveCode][] => (live ? [[messages[place]!.challengeId, live]] : []));
  }

  private async codesOfRequests(messages: readonly Text[]): Promise<[string, LiveCode][]> {
    if (messages.length === 0) return [];
    const now = this.clock.now();
    const asked = messages.map(({ phoneNumber, challengeId: id }) => ({ phoneNumber, id }));
    const challenges = await this.transactions.run((transaction) => this.challenges.findLive(transaction, asked, now));
    return challenges.flatMap((challenge): [string, LiveCode][] => {
      const code = this.codes.of(challenge);
      return code
        ? [[challenge.id, { code, ttlSeconds: secondsUntil(challenge.expiresAt, now, this.policy.ttlSeconds) }]]
        : [];
    });
  }
}
