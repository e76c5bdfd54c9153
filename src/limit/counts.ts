import type { Buckets, Counter, Tally } from './tally';

/** Adds 1 to a counter. */
export interface Addition {
  counter: Counter;
  /** When that happened which is counted. */
  at: Date;
}

/** Where counters live: in this process, or in Redis for all nodes. */
export abstract class Counts {
  /** Never fails: a counter that cannot be reached is counted by this node alone. */
  abstract add(additions: readonly Addition[]): Promise<void>;

  /** @returns a tally for each counter, in their order */
  abstract read<const Counters extends readonly Counter[]>(counters: Counters): Promise<TalliesOf<Counters>>;
}

export type TalliesOf<Counters extends readonly Counter[]> = { [At in keyof Counters]: Tally };

/** @returns of each bucket the greater count */
export function greater(one: Buckets, other: Buckets): Buckets {
  const merged = new Map(one);
  for (const [bucket, count] of other) merged.set(bucket, Math.max(count, merged.get(bucket) ?? 0));
  return merged;
}
