import type { ThrottlerStorageRecord } from '@nestjs/throttler/dist/throttler-storage-record.interface';

/**
 * The window that a time is in. Windows are cut by the clock: all nodes cut time at the same places.
 * @returns windows since 1970
 */
export function windowNumber(now: Date, ttlMilliseconds: number): number {
  return Math.floor(now.getTime() / ttlMilliseconds);
}

/** @returns milliseconds until the next window begins, more than 0 */
export function millisecondsLeft(now: Date, ttlMilliseconds: number): number {
  return (windowNumber(now, ttlMilliseconds) + 1) * ttlMilliseconds - now.getTime();
}

/** What the storage of a throttler must tell of a counter; a caller is blocked until the window ends. */
export function record(hits: number, limit: number, leftMilliseconds: number): ThrottlerStorageRecord {
  const seconds = Math.ceil(leftMilliseconds / 1000);
  return { totalHits: hits, isBlocked: hits > limit, timeToExpire: seconds, timeToBlockExpire: seconds };
}
