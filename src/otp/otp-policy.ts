export const OTP_POLICY = Symbol('OTP_POLICY');

export interface OtpPolicy {
  ttlSeconds: number;
  maxAttempts: number;
  /** The gap after a first text. */
  resendSeconds: number;
}

/** Seconds that must pass after the given number of texts before the next one: 60, 120, then 300 by default. */
export function gapSeconds({ resendSeconds }: OtpPolicy, sends: number): number {
  return resendSeconds * (sends <= 1 ? 1 : sends === 2 ? 2 : 5);
}

/** A text may take this long to be read and typed: with less time left a fresh code is sent. */
const usableSeconds = 30;

/** @returns seconds that a live code must have left to be sent once more; half of its life where that is very short */
export function resendableSeconds({ ttlSeconds }: OtpPolicy): number {
  return Math.min(usableSeconds, ttlSeconds / 2);
}
