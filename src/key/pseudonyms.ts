import { createHmac } from 'node:crypto';
import type { KeyRing } from './key-ring';

/** Keyed hashes that stand for phone numbers in events and in the log: alike for one number, and no way back to it. */
export class Pseudonyms {
  constructor(private readonly keys: KeyRing) {}

  /**
   * @param phoneNumber E.164
   * @returns 32 hex digits: the first 128 bits of HMAC-SHA-256 (RFC 2104) by the newest key
   */
  of(phoneNumber: string): string {
    return createHmac('sha256', this.keys.newest.key).update(phoneNumber).digest('hex').slice(0, 32);
  }
}
