import { createHmac } from 'node:crypto';
import type { KeyRing } from './key-ring';

/** Keyed hashes that stand for phone numbers in events and in the log: alike for one number, and no way back to it. */
export class Pseudonyms {
  constructor(private readonly keys: KeyRing) {}

  /** @returns 128 bits in hex */
  of(phoneNumber: string): string {
    return createHmac('sha256', this.keys.newest.key).update(phoneNumber).digest('hex').slice(0, 32);
  }
}
