import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';
import type { OtpChallenge } from './otp-challenge.entity';

export const codeLength = 6;
const codes = 10 ** codeLength;
/** The most 32-bit numbers that share out evenly over the codes; above it, a remainder would favour some. */
const evenShare = Math.floor(2 ** 32 / codes) * codes;

/**
 * The code of a challenge: HMAC-SHA-256 (RFC 2104) over what it is for, reduced without bias to six digits.
 * Derived anew whenever it is sent or compared, so that it need not be kept.
 */
export function deriveCode(key: KeyObject, { purpose, phoneNumber, id }: ChallengeIdentity): string {
  for (let round = 0; ; round++) {
    const mac = createHmac('sha256', key).update(`${purpose}|${phoneNumber}|${id}|${round}`).digest();
    for (let offset = 0; offset < mac.length; offset += 4) {
      const number = mac.readUInt32BE(offset);
      if (number < evenShare) return String(number % codes).padStart(codeLength, '0');
    }
  }
}

export type ChallengeIdentity = Pick<OtpChallenge, 'purpose' | 'phoneNumber' | 'id'>;

/** Takes the same time wherever two codes differ, and whatever their lengths. */
export function isSameCode(one: string, other: string): boolean {
  return timingSafeEqual(padded(one), padded(other)) && one.length === other.length;
}

/** Six code points are 24 bytes of UTF-8 at most. */
function padded(code: string): Buffer {
  const bytes = Buffer.alloc(codeLength * 4);
  bytes.write(code, 'utf8');
  return bytes;
}
