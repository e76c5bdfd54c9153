import { Injectable } from '@nestjs/common';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { parse, stringify } from 'uuid';
import type { RingKey } from '../key/key-ring';
import { DeviceKeyRing } from './limit-keys';

const idBytes = 16;
const macBytes = 16;

/**
 * Tokens by which a device that signed in is known again: the id of its session, and 128 bits of HMAC-SHA-256 (RFC 2104)
 * over it, in base64url. Nothing of a token is stored, and the same session has the same token however often its reply
 * is repeated.
 */
@Injectable()
export class DeviceTokens {
  constructor(private readonly keys: DeviceKeyRing) {}

  /** @returns 43 characters */
  of(sessionId: string): string {
    const id = Buffer.from(parse(sessionId));
    return Buffer.concat([id, macOf(this.keys.newest, id)]).toString('base64url');
  }

  /** @returns the id of the session; undefined for what was not made here */
  read(token: string): string | undefined {
    if (!/^[\w-]{43}$/.test(token)) return undefined;
    const bytes = Buffer.from(token, 'base64url');
    const [id, mac] = [bytes.subarray(0, idBytes), bytes.subarray(idBytes)];
    if (bytes.toString('base64url') !== token) return undefined;
    return this.keys.all.some((key) => timingSafeEqual(macOf(key, id), mac)) ? stringify(id) : undefined;
  }
}

function macOf({ key }: RingKey, id: Uint8Array): Buffer {
  return createHmac('sha256', key).update(id).digest().subarray(0, macBytes);
}
