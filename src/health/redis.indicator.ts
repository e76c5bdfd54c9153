import { Inject, Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorFunction } from '@nestjs/terminus';
import type { Redis } from 'ioredis';
import { RedisStatus } from '../redis/redis-status';
import { REDIS } from '../redis/redis.module';

/** Whether Redis takes writes. Each node counts for itself where it does not, so no node is out of service for that. */
@Injectable()
export class RedisIndicator {
  /** For terminus: `redis`; none where no Redis is configured. */
  readonly checks: HealthIndicatorFunction[];

  constructor(
    private readonly indicators: HealthIndicatorService,
    @Inject(REDIS) redis: Redis | undefined,
    private readonly status: RedisStatus,
  ) {
    this.checks = redis ? [() => this.check(redis)] : [];
  }

  private async check(redis: Redis) {
    const indicator = this.indicators.check('redis');
    return this.status.watch(redis.set('hodi:health', '1', 'PX', 1_000)).then(
      () => indicator.up(),
      () => indicator.degraded(),
    );
  }
}
