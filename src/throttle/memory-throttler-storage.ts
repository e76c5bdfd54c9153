import { Injectable } from '@nestjs/common';
import type { ThrottlerStorage } from '@nestjs/throttler';
import { Clock } from '../clock/clock';
import { Window } from './window';

/** Counters of one process. Only the current window's are kept, so that they cannot pile up. */
@Injectable()
export class MemoryThrottlerStorage implements ThrottlerStorage {
  private current = -1;
  private hits = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  async increment(key: string, ttl: number, limit: number) {
    const window = new Window(this.clock.now(), ttl);
    if (window.number !== this.current) {
      this.current = window.number;
      this.hits = new Map();
    }
    const hits = (this.hits.get(key) ?? 0) + 1;
    this.hits.set(key, hits);
    return window.record(hits, limit);
  }
}
