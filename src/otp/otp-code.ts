import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';
import type { CodeFormat } from '../limit/number-limits';
import { withAsciiDigits } from '../phone/ascii-digits';
import type { OtpChallenge } from './otp-challenge.entity';

export const codeLength = 6;

export const codeFormats = ['numeric', 'alphanumeric'] as const satisfies CodeFormat[];

/** Digits and consonants that are not taken for each other: no vowels, so no words; neither 0 nor 1. */
const alphabets: Readonly<Record<CodeFormat, string>> = {
  numeric: '0123456789',
  alphanumeric: '23456789BCDFGHJKLMNPQRSTVWXZ',
};

/**
 * The code of a challenge: HMAC-SHA-256 (RFC 2104) over what it is for, reduced without bias to six characters.
 * Derived anew whenever it is sent or compared, so that it need not be kept.
 */
export function deriveCode(key: KeyObject, { purpose, phoneNumber, id, format }: ChallengeIdentity): string {
  const alphabet = alphabets[format];
  const codes = alphabet.length ** codeLength;
  // The most 32-bit numbers that share out evenly over the codes; above it, a remainder would favour some.
  const evenShare = Math.floor(2 ** 32 / codes) * codes;
  const subject = `${purpose}|${phoneNumber}|${id}${format === 'numeric' ? '' : `|${format}`}`;
  for (let round = 0; ; round++) {
    const mac = createHmac('sha256', key).update(`${subject}|${round}`).digest();
    for (let offset = 0; offset < mac.length; offset += 4) {
      const number = mac.readUInt32BE(offset);
      if (number < evenShare) return spell(number % codes, alphabet);
    }
  }
}

export type ChallengeIdentity = Pick<OtpChallenge, 'purpose' | 'phoneNumber' | 'id' | 'format'>;

function spell(number: number, alphabet: string): string {
  let [code, rest] = ['', number];
  for (let place = 0; place < codeLength; place++) {
    code = alphabet[rest % alphabet.length]! + code;
    rest = Math.floor(rest / alphabet.length);
  }
  return code;
}

/** What people type for a letter that no code has. */
const lookAlikes: Readonly<Record<string, string>> = { O: 'Q', '0': 'Q', I: 'L', '1': 'L' };

/** @returns a code as it was meant: digits of other scripts, and in an alphanumeric one small letters and look-alikes */
export function readCode(typed: string, format: CodeFormat): string {
  const ascii = withAsciiDigits(typed);
  return format === 'numeric' ? ascii : ascii.toUpperCase().replace(/[O0I1]/g, (letter) => lookAlikes[letter]!);
}

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
