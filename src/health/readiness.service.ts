import { Inject, Injectable, type OnModuleDestroy, type ServiceUnavailableException } from '@nestjs/common';
import {
  HealthCheckService,
  HealthIndicatorService,
  type HealthCheckResult,
  type HealthIndicatorFunction,
} from '@nestjs/terminus';
import type { Redis } from 'ioredis';
import { NotReady } from '../error/refusal';
import { REDIS } from '../redis/redis.module';
import { Transactions } from '../transaction/transactions';
import type { ReadinessDto } from './readiness.dto';

/** Whether requests should be sent here: everything that is configured answers, and the process is not stopping. */
@Injectable()
export class ReadinessService implements OnModuleDestroy {
  private stopping = false;

  constructor(
    private readonly checks: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly transactions: Transactions,
    @Inject(REDIS) private readonly redis: Redis | undefined,
  ) {}

  onModuleDestroy(): void {
    this.leave();
  }

  /** From now on no request should be sent here: the process is stopping. */
  leave(): void {
    this.stopping = true;
  }

  /** @throws NotReady naming what is down */
  async check(): Promise<ReadinessDto> {
    const { details } = await this.checks
      .check([
        () => this.databaseCheck(),
        ...(this.redis ? [this.redisCheck(this.redis)] : []),
        ...(this.stopping ? [() => this.indicators.check('process').down()] : []),
      ])
      .catch((error: ServiceUnavailableException) => error.getResponse() as HealthCheckResult);
    const parts = Object.fromEntries(
      Object.entries(details).map(([part, { status }]) => [part, status === 'up' ? 'up' : 'down'] as const),
    );
    if (Object.values(parts).includes('down')) throw new NotReady(parts);
    return { status: 'ok', parts };
  }

  /** As requests use it: past its deadline a connection is given up, so that checks cannot use up the pool. */
  private databaseCheck() {
    const indicator = this.indicators.check('database');
    return this.transactions
      .run(({ manager }) => manager.query('SELECT 1'))
      .then(
        () => indicator.up(),
        () => indicator.down(),
      );
  }

  private redisCheck(redis: Redis): HealthIndicatorFunction {
    const indicator = this.indicators.check('redis');
    return () =>
      redis.ping().then(
        () => indicator.up(),
        () => indicator.down(),
      );
  }
}
