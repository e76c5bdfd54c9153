import type { ThrottlerStorageRecord } from '@nestjs/throttler/dist/throttler-storage-record.interface';

/** A stretch of the clock in which requests are counted; all nodes cut time at the same places. */
export class Window {
  readonly number: number;

  constructor(
    private readonly now: Date,
    /** Milliseconds. */
    readonly length: number,
  ) {
    this.number = Math.floor(now.getTime() / length);
  }

  record(hits: number, limit: number): ThrottlerStorageRecord {
    const left = (this.number + 1) * this.length - this.now.getTime();
    const seconds = Math.ceil(left / 1000);
    return { totalHits: hits, isBlocked: hits > limit, timeToExpire: seconds, timeToBlockExpire: seconds };
  }
}
