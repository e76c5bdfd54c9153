import { Inject, Injectable } from '@nestjs/common';
import { IsNull, LessThan, MoreThan } from 'typeorm';
import { Clock, secondsUntil } from '../clock/clock';
import type { OtpSource } from '../sms/otp-source';
import type { SmsMessage } from '../sms/sms-message.entity';
import { Transactions } from '../transaction/transactions';
import { OtpChallenge } from './otp-challenge.entity';
import { OtpCodes } from './otp-codes';
import { OTP_POLICY, type OtpPolicy } from './otp-policy';
import { PhoneChanges } from './phone-changes';

/** Tells the dispatcher the code of a text at the moment of sending, and only while the code can still be used. */
@Injectable()
export class OtpTexts implements OtpSource {
  constructor(
    private readonly transactions: Transactions,
    @Inject(OTP_POLICY) private readonly policy: OtpPolicy,
    private readonly codes: OtpCodes,
    private readonly phoneChanges: PhoneChanges,
    private readonly clock: Clock,
  ) {}

  async liveCodeFor(message: Pick<SmsMessage, 'phoneNumber' | 'challengeId' | 'template'>) {
    if (message.template === 'phone-changed') return this.phoneChanges.liveCodeFor(message);
    const { phoneNumber, challengeId } = message;
    const challenge = await this.transactions.run(({ manager }) =>
      manager.findOneBy(OtpChallenge, {
        phoneNumber,
        id: challengeId,
        consumedAt: IsNull(),
        expiresAt: MoreThan(this.clock.now()),
        attempts: LessThan(this.policy.maxAttempts),
      }),
    );
    const code = challenge ? this.codes.of(challenge) : undefined;
    return challenge && code ? { code, ttlSeconds: secondsUntil(challenge.expiresAt, this.clock.now()) } : undefined;
  }
}
