import { Injectable } from '@nestjs/common';
import { addSeconds } from '../clock/clock';
import { NumberLimitSettings } from '../limit/number-limit-settings';
import { OtpSettings } from './otp-settings';

/** A text may take this long to be read and typed: with less time left a fresh code is sent. */
const usableSeconds = 30;

/** How long a code lives, and how many guesses each lane of it takes. */
@Injectable()
export class OtpPolicy {
  readonly ttlSeconds: number;
  readonly maxAttempts: number;

  constructor({ otpTtlSeconds }: OtpSettings, { maxAttempts }: NumberLimitSettings) {
    this.ttlSeconds = otpTtlSeconds;
    this.maxAttempts = maxAttempts;
  }

  /** @returns when a code ends that is issued now */
  expiresAt(now: Date): Date {
    return addSeconds(now, this.ttlSeconds);
  }

  /** @returns until when a live code must last to be sent once more now; half of its life where that is very short */
  usableUntil(now: Date): Date {
    return addSeconds(now, Math.min(usableSeconds, this.ttlSeconds / 2));
  }
}
