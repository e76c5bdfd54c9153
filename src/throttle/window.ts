import type { ThrottlerStorageRecord } from '@nestjs/throttler/dist/throttler-storage-record.interface';

/** Requests are counted in windows of the clock: all nodes cut time at the same places. */
export function windowNumber(now: Date, ttlMilliseconds: number): number {
  return Math.floor(now.getTime() / ttlMilliseconds);
}

/** @returns milliseconds until the next window begins, more than 0 */
export function millisecondsLeft(now: Date, ttlMilliseconds: number): number {
  return (windowNumber(now, ttlMilliseconds) + 1) * ttlMilliseconds - now.getTime();
}

export function record(hits: number, limit: number, leftMilliseconds: number): ThrottlerStorageRecord {
  const seconds = Math.ceil(leftMilliseconds / 1000);
  return { totalHits: hits, isBlocked: hits > limit, timeToExpire: seconds, timeToBlockExpire: seconds };
}
