import { Injectable } from '@nestjs/common';
import type { ThrottlerStorage } from '@nestjs/throttler';
import { Clock } from '../clock/clock';
import { millisecondsLeft, record } from './window';

/** Counters of one process. Only the current window's are kept, so that they cannot pile up. */
@Injectable()
export class MemoryThrottlerStorage implements ThrottlerStorage {
  /** On the monotonic clock: a clock that is set does not end a window, nor stretch it. */
  private endsAt = -Infinity;
  private hits = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  /**
   * Counts a request.
   * @param ttl length of a window in milliseconds, the same in every call
   * @returns hits of this window, and seconds until it ends
   */
  async increment(key: string, ttl: number, limit: number) {
    const now = this.clock.monotonicMilliseconds();
    if (now >= this.endsAt) {
      this.endsAt = now + millisecondsLeft(this.clock.now(), ttl);
      this.hits = new Map();
    }
    const hits = (this.hits.get(key) ?? 0) + 1;
    this.hits.set(key, hits);
    return record(hits, limit, this.endsAt - now);
  }
}
