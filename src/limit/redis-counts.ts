import type { ChainableCommander, Redis } from 'ioredis';
import type { Clock } from '../clock/clock';
import type { RedisStatus } from '../redis/redis-status';
import { Counts, greater, type Addition, type TalliesOf } from './counts';
import type { MemoryCounts } from './memory-counts';
import { bucketAt, oldestBucket, Tally, type Buckets, type Counter } from './tally';

/** A hash holds this many buckets: a window lies in two hashes at most, and old buckets go with their hash. */
const bucketsInHash = 64;

/** Until no bucket of a hash that begins now counts any more, in lengths of a window of 60 buckets. */
const windowsToLive = 3;

const hashKey = ({ key }: Counter, bucket: number) => `hodi:limit:${key}:${Math.floor(bucket / bucketsInHash)}`;

/**
 * Counters that all nodes share. Each node counts for itself beside them, and of each bucket the greater count holds: a Redis
 * that is out of reach, emptied or restarted forgets nothing that this node has counted.
 */
export class RedisCounts extends Counts {
  constructor(
    private readonly redis: Redis,
    private readonly status: RedisStatus,
    private readonly clock: Clock,
    private readonly own: MemoryCounts,
  ) {
    super();
  }

  async add(additions: readonly Addition[]): Promise<void> {
    await this.own.add(additions);
    const now = this.clock.now();
    const commands = this.redis.pipeline();
    for (const { counter, at } of additions) {
      const bucket = bucketAt(counter, at);
      if (bucket < oldestBucket(counter, now)) continue;
      const key = hashKey(counter, bucket);
      // Both in one write: Redis runs them together, or the next count sets the end.
      commands.hincrby(key, String(bucket), 1).expire(key, windowsToLive * counter.windowSeconds);
    }
    await this.run(commands);
  }

  async read<const Counters extends readonly Counter[]>(counters: Counters): Promise<TalliesOf<Counters>> {
    const now = this.clock.now();
    const commands = this.redis.pipeline();
    for (const counter of counters) {
      commands.hgetall(hashKey(counter, oldestBucket(counter, now)));
      commands.hgetall(hashKey(counter, bucketAt(counter, now)));
    }
    const hashes = await this.run(commands);
    return counters.map((counter, at) => {
      const shared = bucketsIn({ ...(hashes[2 * at] as Hash), ...(hashes[2 * at + 1] as Hash) });
      return new Tally(counter, greater(this.own.bucketsOf(counter), shared), now);
    }) as TalliesOf<Counters>;
  }

  /** @returns the replies; none where Redis fails, which the status has logged: the node's own counts hold */
  private async run(commands: ChainableCommander): Promise<unknown[]> {
    if (commands.length === 0) return [];
    return this.status.watch(repliesTo(commands)).catch(() => []);
  }
}

type Hash = Record<string, string>;

const bucketsIn = (hash: Hash): Buckets =>
  new Map(Object.entries(hash).map(([bucket, count]) => [Number(bucket), Number(count)]));

/** @throws what the first refused command failed with */
async function repliesTo(commands: ChainableCommander): Promise<unknown[]> {
  const replies = (await commands.exec()) ?? [];
  return replies.map(([error, reply]) => {
    if (error) throw error;
    return reply;
  });
}
