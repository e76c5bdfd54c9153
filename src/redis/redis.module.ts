import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { RedisSettings } from './redis-settings';
import { RedisStatus } from './redis-status';

/** The client of the configured Redis, or undefined where none is. */
export const REDIS = Symbol('REDIS');

/** A counter is worth a short wait only: callers have a way without it. */
const commandTimeoutMilliseconds = 300;

async function connect({ redisUrl }: RedisSettings, status: RedisStatus): Promise<Redis | undefined> {
  if (redisUrl === undefined) return undefined;
  // Loaded only where it is used: the client weighs 10 MB of memory.
  const { Redis } = await import('ioredis');
  const redis = new Redis(redisUrl, {
    commandTimeout: commandTimeoutMilliseconds,
    // Drops a connection on which nothing comes back: else each request waits for its command's end, and no line says so.
    socketTimeout: 500,
    connectTimeout: 1_000,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: (times) => Math.min(times * 100, 2_000),
  });
  return redis.on('error', (error) => status.failed(error));
}

@Module({
  providers: [RedisStatus, { provide: REDIS, inject: [RedisSettings, RedisStatus], useFactory: connect }],
  exports: [REDIS, RedisStatus],
})
export class RedisModule implements OnApplicationShutdown {
  constructor(@Inject(REDIS) private readonly redis: Redis | undefined) {}

  onApplicationShutdown(): void {
    this.redis?.disconnect();
  }
}
