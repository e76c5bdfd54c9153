import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock/clock';
import { Counts, type Addition, type TalliesOf } from './counts';
import { bucketAt, oldestBucket, Tally, type Buckets, type Counter } from './tally';

/** Some 20 MB if each has a few buckets. */
const mostCounters = 50_000;

/** Counters of one process. Of too many those are forgotten that were not used for the longest time. */
export class MemoryCounts extends Counts {
  private readonly counters: LRUCache<string, Map<number, number>>;

  /** @param most how many counters are kept */
  constructor(
    private readonly clock: Clock,
    most = mostCounters,
  ) {
    super();
    this.counters = new LRUCache({ max: most });
  }

  get size(): number {
    return this.counters.size;
  }

  async add(additions: readonly Addition[]): Promise<void> {
    const now = this.clock.now();
    for (const { counter, at } of additions) {
      const [bucket, oldest] = [bucketAt(counter, at), oldestBucket(counter, now)];
      if (bucket < oldest) continue;
      const buckets = this.counters.get(counter.key) ?? new Map<number, number>();
      this.counters.set(counter.key, buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1));
      for (const old of buckets.keys()) if (old < oldest) buckets.delete(old);
    }
  }

  async read<const Counters extends readonly Counter[]>(counters: Counters): Promise<TalliesOf<Counters>> {
    const now = this.clock.now();
    return counters.map((counter) => new Tally(counter, this.bucketsOf(counter), now)) as TalliesOf<Counters>;
  }

  bucketsOf({ key }: Counter): Buckets {
    return this.counters.get(key) ?? new Map<number, number>();
  }
}
