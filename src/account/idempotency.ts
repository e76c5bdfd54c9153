import { Injectable } from '@nestjs/common';
import { createHmac } from 'node:crypto';
import { In, MoreThan } from 'typeorm';
import { addSeconds, Clock } from '../clock/clock';
import type { KeyRing, RingKey } from '../key/key-ring';
import { Session } from '../token/session.entity';
import type { Transaction } from '../transaction/transaction';

/** How long a sign-in is remembered under its `Idempotency-Key`. */
const lifeSeconds = 60;

/** What a request with an `Idempotency-Key` is known by: keyed hashes, as the code is in it. */
export interface IdempotentRequest {
  key: string;
  /** Of the key, the number and the code together. */
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
  constructor(
    private readonly keys: KeyRing,
    private readonly clock: Clock,
  ) {}

  requestOf(key: string, phoneNumber: string, otp: string): IdempotentRequest {
    const request = JSON.stringify([key, phoneNumber, otp]);
    const bodies = new Map(this.keys.all.map((it) => [hash(it, key), hash(it, request)]));
    return { key: hash(this.keys.newest, key), body: hash(this.keys.newest, request), bodies };
  }

  /** @returns the session of an earlier, equal request; `reused` if the key came with another one */
  async earlier(transaction: Transaction, request: IdempotentRequest): Promise<Session | 'reused' | undefined> {
    const since = addSeconds(this.clock.now(), -lifeSeconds);
    const session = await transaction.manager.findOne(Session, {
      where: { idempotencyKey: In([...request.bodies.keys()]), createdAt: MoreThan(since) },
      order: { createdAt: 'DESC' },
    });
    if (session === null) return undefined;
    if (session.idempotencyBody !== request.bodies.get(session.idempotencyKey!)) return 'reused';
    return session.revokedAt === null ? session : undefined;
  }
}

function hash({ key }: RingKey, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex');
}
