import { Injectable, type OnModuleDestroy, type ServiceUnavailableException } from '@nestjs/common';
import { HealthCheckService, HealthIndicatorService, type HealthCheckResult } from '@nestjs/terminus';
import { NotReady } from '../error/refusal';
import { DatabaseIndicator } from './database.indicator';
import type { ReadinessDto } from './readiness.dto';
import { RedisIndicator } from './redis.indicator';

/** Whether requests should be sent here: what the service cannot do without works, and the process is not stopping. */
@Injectable()
export class ReadinessService implements OnModuleDestroy {
  private stopping = false;

  constructor(
    private readonly checks: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly database: DatabaseIndicator,
    private readonly redis: RedisIndicator,
  ) {}

  onModuleDestroy(): void {
    this.leave();
  }

  /** From now on no request should be sent here: the process is stopping. */
  leave(): void {
    this.stopping = true;
  }

  /**
   * Asks each part.
   * @returns the status of each part by name, in alphabetical order; none is `down`
   * @throws NotReady with the status of each part, if one is `down`
   */
  async check(): Promise<ReadinessDto> {
    const { details } = await this.checks
      .check([
        ...this.database.checks,
        ...this.redis.checks,
        ...(this.stopping ? [() => this.indicators.check('process').down()] : []),
      ])
      .catch((error: ServiceUnavailableException) => error.getResponse() as HealthCheckResult);
    const found = Object.entries(details).map(([part, { status }]) => [part, status] as const);
    const parts = Object.fromEntries(found.sort(([one], [other]) => (one < other ? -1 : 1)));
    if (Object.values(parts).includes('down')) throw new NotReady(parts);
    return { status: 'ok', parts };
  }
}
