/** Something that is counted for itself over a sliding window. */
export interface Counter {
  /** What is counted, and of whom. No phone number stands in it. */
  key: string;
  windowSeconds: number;
}

const bucketsInWindow = 60;

const bucketMilliseconds = ({ windowSeconds }: Pick<Counter, 'windowSeconds'>) =>
  (windowSeconds * 1000) / bucketsInWindow;

/** @returns the bucket that a time falls into, counted since 1970: all nodes cut time at the same places */
export function bucketAt(counter: Pick<Counter, 'windowSeconds'>, time: Date): number {
  return Math.floor(time.getTime() / bucketMilliseconds(counter));
}

/** @returns the oldest bucket that still counts */
export function oldestBucket(counter: Pick<Counter, 'windowSeconds'>, now: Date): number {
  // Also the one that has left the window in part: nothing is forgotten too early.
  return bucketAt(counter, now) - bucketsInWindow;
}

/** Counts by bucket. */
export type Buckets = ReadonlyMap<number, number>;

/** What was counted in a window that slides by a 60th of its length: up to a 60th older than the window still counts. */
export class Tally {
  private readonly oldest: number;

  /** @param buckets those that have left the window are not looked at */
  constructor(
    private readonly counter: Pick<Counter, 'windowSeconds'>,
    private readonly buckets: Buckets,
    private readonly now: Date,
  ) {
    this.oldest = oldestBucket(counter, now);
  }

  get sum(): number {
    return this.sumBefore(Infinity);
  }

  /** @returns what is left of this tally without another one of the same window; a bucket may be below 0 */
  minus(other: Tally): Tally {
    const left = new Map(this.buckets);
    for (const [bucket, count] of other.buckets) left.set(bucket, (left.get(bucket) ?? 0) - count);
    return new Tally(this.counter, left, this.now);
  }

  /** @returns the count of the buckets that were over this many seconds ago */
  olderThan(seconds: number): number {
    return this.sumBefore(bucketAt(this.counter, new Date(this.now.getTime() - seconds * 1000)));
  }

  /** @returns whole seconds, 1 or more, until less than the limit is left if nothing more is counted */
  secondsUntilBelow(limit: number): number {
    const inWindow = [...this.buckets]
      .filter(([bucket]) => bucket >= this.oldest)
      .sort(([one], [other]) => one - other);
    let left = this.sum;
    let end = this.now.getTime();
    for (const [bucket, count] of inWindow) {
      if (left < limit) break;
      left -= count;
      end = (bucket + bucketsInWindow + 1) * bucketMilliseconds(this.counter);
    }
    return Math.max(1, Math.ceil((end - this.now.getTime()) / 1000));
  }

  private sumBefore(end: number): number {
    let sum = 0;
    for (const [bucket, count] of this.buckets) if (bucket >= this.oldest && bucket < end) sum += count;
    return sum;
  }
}
