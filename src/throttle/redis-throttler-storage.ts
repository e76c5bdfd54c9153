import { Injectable } from '@nestjs/common';
import type { ThrottlerStorage } from '@nestjs/throttler';
import type { Redis } from 'ioredis';
import { Clock } from '../clock/clock';
import { Window } from './window';

/** Counters that all nodes share. While Redis is out of reach each node counts for itself: no request goes uncounted. */
@Injectable()
export class RedisThrottlerStorage implements ThrottlerStorage {
  constructor(
    private readonly redis: Redis,
    private readonly clock: Clock,
    private readonly fallback: ThrottlerStorage,
  ) {}

  async increment(key: string, ttl: number, limit: number, blockDuration: number, throttlerName: string) {
    const window = new Window(this.clock.now(), ttl);
    try {
      return window.record(await this.count(`hodi:throttle:${window.number}:${key}`, ttl), limit);
    } catch {
      // The connection has logged its end already; once a request would be a flood of lines.
      return this.fallback.increment(key, ttl, limit, blockDuration, throttlerName);
    }
  }

  /** In one step, so that no counter is left without an end. */
  private async count(key: string, ttl: number): Promise<number> {
    const replies = await this.redis
      .multi()
      .incr(key)
      .pexpire(key, 2 * ttl)
      .exec();
    const [error, hits] = replies?.[0] ?? [new Error('Redis gave up the transaction')];
    if (error) throw error;
    return Number(hits);
  }
}
