import { Injectable } from '@nestjs/common';
import { addSeconds } from '../clock/clock';
import { OtpSettings } from './otp-settings';

/** A text may take this long to be read and typed: with less time left a fresh code is sent. */
const usableSeconds = 30;

/** How long a code lives, how many guesses it takes, and when it may be sent again. */
@Injectable()
export class OtpPolicy {
  readonly ttlSeconds: number;
  readonly maxAttempts: number;
  private readonly resendSeconds: number;

  constructor(settings: OtpSettings) {
    this.ttlSeconds = settings.otpTtlSeconds;
    this.maxAttempts = settings.otpMaxAttempts;
    this.resendSeconds = settings.otpResendSeconds;
  }

  /** @returns seconds that must pass after the given number of texts before the next one: 60, 120, then 300 by default */
  gapSeconds(sends: number): number {
    return this.resendSeconds * (sends <= 1 ? 1 : sends === 2 ? 2 : 5);
  }

  /** @returns when the gap ends that begins now, after the given number of texts */
  resendAt(now: Date, sends: number): Date {
    return addSeconds(now, this.gapSeconds(sends));
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
