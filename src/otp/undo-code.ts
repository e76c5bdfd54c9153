import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';
import type { PhoneChange } from './phone-change.entity';

/** Digits and consonants that are not mistaken for one another, and that form no words. */
const alphabet = '23456789BCDFGHJKLMNPQRSTVWXZ';
const length = 12;
const groupLength = 4;
/** The most byte values that share out evenly over the alphabet; above it, a remainder would favor some. */
const evenShare = Math.floor(256 / alphabet.length) * alphabet.length;

/**
 * The code that undoes a change of number: HMAC-SHA-256 (RFC 2104) over the change, reduced without bias to 12
 * characters of 28. Strangers may guess for as long as it lives, so it is long: 28^12 = 2.3e17.
 */
export function deriveUndoCode(key: KeyObject, { id, formerNumber }: ChangeIdentity): string {
  let code = '';
  for (let round = 0; ; round++) {
    const mac = createHmac('sha256', key).update(`phone-change|${formerNumber}|${id}|${round}`).digest();
    for (const byte of mac) {
      if (byte < evenShare) code += alphabet.charAt(byte % alphabet.length);
      if (code.length === length) return code;
    }
  }
}

export type ChangeIdentity = Pick<PhoneChange, 'id' | 'formerNumber'>;

/** As it stands in the text: `BCDF-GHJK-LMNP`. */
export function grouped(code: string): string {
  return code.match(new RegExp(`.{${groupLength}}`, 'g'))!.join('-');
}

/** The code that a person typed or pasted: no case, spaces, dashes or invisible marks; fullwidth letters are letters. */
export function typedUndoCode(text: string): string {
  return text
    .normalize('NFKC')
    .replaceAll(/[\s\p{Dash}\p{Cf}]/gu, '')
    .toUpperCase();
}

/** Takes the same time wherever two codes differ. */
export function isSameUndoCode(code: string, typed: string): boolean {
  const [one, other] = [Buffer.from(code), Buffer.from(typed)];
  return one.length === other.length && timingSafeEqual(one, other);
}
