import { Injectable } from '@nestjs/common';
import { In, LessThanOrEqual, MoreThan } from 'typeorm';
import { addSeconds, Clock } from '../clock/clock';
import { IdempotencyKeyReused, Refusal } from '../error/refusal';
import { Idempotency, lifeSeconds, type IdempotentRequest } from '../session/idempotency';
import type { Transaction } from '../transaction/transaction';
import { TransactionRunner } from '../transaction/transaction-runner';
import { IdempotentReply } from './idempotent-reply.entity';

const batchSize = 500;

/** A lost reply must not cost the caller what was done: the same request with the same key is answered again for 60 s. */
@Injectable()
export class IdempotentReplies {
  constructor(
    private readonly transactions: TransactionRunner,
    private readonly idempotency: Idempotency,
    private readonly clock: Clock,
  ) {}

  /**
   * Does `work` unless it was done for an equal request, and keeps its outcome in the same commit. A refusal is not kept.
   * Of equal requests side by side the work itself lets one succeed; the others then find its outcome.
   * @param key without one, `work` is done and nothing is kept
   * @param scope what the key belongs to: the route, and the number or the account
   * @param onReuse what the same key with another body costs, beside the refusal
   * @returns the outcome, which must survive JSON
   * @throws IdempotencyKeyReused if the key came with another body
   */
  async once<T extends string | object>(
    transaction: Transaction,
    { key, scope, body }: KeyedRequest,
    work: () => Promise<T>,
    onReuse?: () => Promise<void>,
  ): Promise<T> {
    if (key === undefined) return work();
    const request = this.idempotency.requestOf(key, scope, body);
    const earlier = await this.find<T>(transaction, request, onReuse);
    if (earlier !== undefined) return earlier;
    let outcome: T;
    try {
      outcome = await work();
    } catch (error) {
      const other = error instanceof Refusal ? await this.find<T>(transaction, request) : undefined;
      if (other === undefined) throw error;
      return other;
    }
    await this.keep(transaction, request, outcome);
    return outcome;
  }

  /** Removes what is not answered again any more, in batches. */
  async removeExpired(): Promise<void> {
    for (let removed = batchSize; removed === batchSize;) {
      removed = await this.transactions.run(async ({ manager }) => {
        const where = { createdAt: LessThanOrEqual(this.since()) };
        const expired = await manager.find(IdempotentReply, { select: { keyHash: true }, where, take: batchSize });
        const keyHash = In(expired.map((it) => it.keyHash));
        if (expired.length > 0) await manager.delete(IdempotentReply, { ...where, keyHash });
        return expired.length;
      });
    }
  }

  private async find<T>(
    { manager }: Transaction,
    { bodies }: IdempotentRequest,
    onReuse?: () => Promise<void>,
  ): Promise<T | undefined> {
    const kept = await manager.findOneBy(IdempotentReply, {
      keyHash: In([...bodies.keys()]),
      createdAt: MoreThan(this.since()),
    });
    if (kept === null) return undefined;
    if (kept.bodyHash === bodies.get(kept.keyHash)) return JSON.parse(kept.reply) as T;
    await onReuse?.();
    throw new IdempotencyKeyReused();
  }

  private async keep(
    { manager }: Transaction,
    { key, body, bodies }: IdempotentRequest,
    outcome: unknown,
  ): Promise<void> {
    // What is still there is past its life: otherwise it would have been found.
    await manager.delete(IdempotentReply, { keyHash: In([...bodies.keys()]) });
    const reply = JSON.stringify(outcome);
    await manager.insert(IdempotentReply, { keyHash: key, bodyHash: body, reply, createdAt: this.clock.now() });
  }

  private since(): Date {
    return addSeconds(this.clock.now(), -lifeSeconds);
  }
}

export interface KeyedRequest {
  key: string | undefined;
  scope: readonly string[];
  body: readonly string[];
}
