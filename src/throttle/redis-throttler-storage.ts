import { Injectable } from '@nestjs/common';
import type { ThrottlerStorage } from '@nestjs/throttler';
import type { Redis } from 'ioredis';
import { Clock } from '../clock/clock';
import type { RedisStatus } from '../redis/redis-status';
import { windowNumber } from './window';

/**
 * Counters that all nodes share. Each node counts its own requests beside them, and the greater number holds: a Redis
 * that is out of reach, emptied, restarted or full lets no node pass more than the limit.
 */
@Injectable()
export class RedisThrottlerStorage implements ThrottlerStorage {
  constructor(
    private readonly redis: Redis,
    private readonly status: RedisStatus,
    private readonly clock: Clock,
    private readonly own: ThrottlerStorage,
  ) {}

  /**
   * Counts a request, here and in Redis.
   * @param ttl length of a window in milliseconds, the same in every call
   * @returns hits of this window, and seconds until it ends; where Redis fails, hits are those of this node
   */
  async increment(key: string, ttl: number, limit: number, blockDuration: number, throttlerName: string) {
    const counter = `hodi:throttle:${windowNumber(this.clock.now(), ttl)}:${key}`;
    const [own, shared] = await Promise.all([
      this.own.increment(key, ttl, limit, blockDuration, throttlerName),
      // The status has logged the error; without shared counters the own one holds.
      this.status.watch(this.count(counter, ttl)).catch(() => 0),
    ]);
    const totalHits = Math.max(own.totalHits, shared);
    return { ...own, totalHits, isBlocked: totalHits > limit };
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
