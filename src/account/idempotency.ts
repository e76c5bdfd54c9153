import { Injectable } from '@nestjs/common';
import { createHmac } from 'node:crypto';
import { MoreThan } from 'typeorm';
import { addSeconds, Clock } from '../clock/clock';
import type { KeyRing } from '../key/key-ring';
import { Session } from '../token/session.entity';
import type { Transaction } from '../transaction/transaction';

/** How long a sign-in is remembered under its `Idempotency-Key`. */
const lifeSeconds = 60;

/** What a request with an `Idempotency-Key` is known by: keyed hashes, as the code is in it. */
export interface IdempotentRequest {
  key: string;
  /** Of the key, the number and the code together. */
  body: string;
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
    return { key: this.hash(key), body: this.hash(JSON.stringify([key, phoneNumber, otp])) };
  }

  /** @returns the session of an earlier, equal request; `reused` if the key came with another one */
  async earlier(transaction: Transaction, request: IdempotentRequest): Promise<Session | 'reused' | undefined> {
    const since = addSeconds(this.clock.now(), -lifeSeconds);
    const session = await transaction.manager.findOne(Session, {
      where: { idempotencyKey: request.key, createdAt: MoreThan(since) },
      order: { createdAt: 'DESC' },
    });
    if (session === null) return undefined;
    if (session.idempotencyBody !== request.body) return 'reused';
    return session.revokedAt === null ? session : undefined;
  }

  private hash(text: string): string {
    return createHmac('sha256', this.keys.newest.key).update(text).digest('hex');
  }
}
