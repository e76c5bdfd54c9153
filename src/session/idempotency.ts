import { Injectable } from '@nestjs/common';
import { createHmac } from 'node:crypto';
import type { KeyRing, RingKey } from '../key/key-ring';

/** How long a request is remembered under its `Idempotency-Key`. */
export const lifeSeconds = 60;

/** What a request with an `Idempotency-Key` is known by: keyed hashes, as the code is in it. */
export interface IdempotentRequest {
  /** Of the key and its scope: the same key of another number or account is another one. */
  key: string;
  /** Of the key, its scope and the rest of the request together. */
  body: string;
  /** The bodies by their keys, under every key of the ring: the sign-in may be of before it was changed. */
  bodies: ReadonlyMap<string, string>;
}

/**
 * A lost reply must not cost a code: the session that a sign-in opened remembers the request (in the same commit, so
 * also when the process dies before it replies), and the same request again finds it.
 */
@Injectable()
export class Idempotency {
  constructor(private readonly keys: KeyRing) {}

  /**
   * @param scope what the key belongs to: the route, and the number or the account
   * @param body the rest of the request
   * @returns hashes by which the request is found again; nothing of it can be read from them
   */
  requestOf(key: string, scope: readonly string[], body: readonly string[]): IdempotentRequest {
    const scoped = JSON.stringify([key, scope]);
    const request = JSON.stringify([key, scope, body]);
    const bodies = new Map(this.keys.all.map((it) => [hash(it, scoped), hash(it, request)]));
    return { key: hash(this.keys.newest, scoped), body: hash(this.keys.newest, request), bodies };
  }
}

function hash({ key }: RingKey, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex');
}
