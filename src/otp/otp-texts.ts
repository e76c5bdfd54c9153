import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, LessThan, MoreThan, type Repository } from 'typeorm';
import { Clock } from '../clock/clock';
import type { OtpSource } from '../sms/otp-source';
import type { SmsMessage } from '../sms/sms-message.entity';
import { OtpChallenge } from './otp-challenge.entity';
import { OtpCodes } from './otp-codes';
import { OTP_POLICY, type OtpPolicy } from './otp-policy';

/** Tells the dispatcher the code of a text at the moment of sending, and only while the code can still be used. */
@Injectable()
export class OtpTexts implements OtpSource {
  constructor(
    @InjectRepository(OtpChallenge) private readonly challenges: Repository<OtpChallenge>,
    @Inject(OTP_POLICY) private readonly policy: OtpPolicy,
    private readonly codes: OtpCodes,
    private readonly clock: Clock,
  ) {}

  async liveCodeFor({ phoneNumber, challengeId }: Pick<SmsMessage, 'phoneNumber' | 'challengeId'>) {
    const challenge = await this.challenges.findOneBy({
      phoneNumber,
      id: challengeId,
      consumedAt: IsNull(),
      expiresAt: MoreThan(this.clock.now()),
      attempts: LessThan(this.policy.maxAttempts),
    });
    return challenge ? this.codes.of(challenge) : undefined;
  }
}
