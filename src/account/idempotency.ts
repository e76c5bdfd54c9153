import { Injectable } from '@nestjs/common';
import { createHmac } from 'node:crypto';
import { In, MoreThan } from 'typeorm';
import { addSeconds, Clock } from '../clock/clock';
import { IdempotencyKeyReused } from '../error/refusal';
import type { KeyRing, RingKey } from '../key/key-ring';
import { Session } from '../token/session.entity';
import type { Transaction } from '../transaction/transaction';

/** How long a request is remembered under its `Idempotency-Key`. */
export const lifeSeconds = 60;
/** How often the key of a sign-in may come with another code before it gets the session no more. */
const mostMismatches = 5;

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
  constructor(
    private readonly keys: KeyRing,
    private readonly clock: Clock,
  ) {}

  /**
   * @param scope what the key belongs to: the route, and the number or the account
   * @param body the rest of the request
   */
  requestOf(key: string, scope: readonly string[], body: readonly string[]): IdempotentRequest {
    const scoped = JSON.stringify([key, scope]);
    const request = JSON.stringify([key, scope, body]);
    const bodies = new Map(this.keys.all.map((it) => [hash(it, scoped), hash(it, request)]));
    return { key: hash(this.keys.newest, scoped), body: hash(this.keys.newest, request), bodies };
  }

  /**
   * A key may be known to others, and the session is as good as its code: mismatches are counted in one guarded update,
   * whatever runs beside it, and after five of them the right code gets nothing either.
   * @param onReuse what the same key with another code costs, beside the refusal
   * @returns the session of an earlier, equal request, unless it is over; undefined if there is none
   * @throws IdempotencyKeyReused if the key came with another code
   */
  async earlier(
    transaction: Transaction,
    request: IdempotentRequest,
    onReuse?: () => Promise<void>,
  ): Promise<Session | undefined> {
    const since = addSeconds(this.clock.now(), -lifeSeconds);
    const session = await transaction.manager.findOne(Session, {
      where: { idempotencyKey: In([...request.bodies.keys()]), createdAt: MoreThan(since) },
      order: { createdAt: 'DESC' },
    });
    if (session === null) return undefined;
    const isSame = session.idempotencyBody === request.bodies.get(session.idempotencyKey!);
    const { affected } = await transaction.execute(
      `UPDATE session SET idempotency_mismatches = idempotency_mismatches + ?
       WHERE id = ? AND idempotency_mismatches < ?`,
      [isSame ? 0 : 1, session.id, mostMismatches],
    );
    if (!isSame || affected !== 1) {
      await onReuse?.();
      throw new IdempotencyKeyReused();
    }
    return session.revokedAt === null ? session : undefined;
  }
}

function hash({ key }: RingKey, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex');
}
