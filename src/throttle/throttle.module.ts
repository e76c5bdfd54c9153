import { Module } from '@nestjs/common';
import { seconds, ThrottlerModule, type ThrottlerModuleOptions } from '@nestjs/throttler';
import type { Redis } from 'ioredis';
import { Clock } from '../clock/clock';
import { ClockModule } from '../clock/clock.module';
import { RedisStatus } from '../redis/redis-status';
import { REDIS, RedisModule } from '../redis/redis.module';
import { AddressThrottlerGuard } from './address-throttler.guard';
import { MemoryThrottlerStorage } from './memory-throttler-storage';
import { RedisThrottlerStorage } from './redis-throttler-storage';
import { ThrottleSettings } from './throttle-settings';

function options(
  { throttleLimit, throttleTtlSeconds }: ThrottleSettings,
  clock: Clock,
  redis: Redis | undefined,
  status: RedisStatus,
): ThrottlerModuleOptions {
  const memory = new MemoryThrottlerStorage(clock);
  return {
    throttlers: [{ limit: throttleLimit, ttl: seconds(throttleTtlSeconds) }],
    skipIf: () => throttleLimit === 0,
    storage: redis ? new RedisThrottlerStorage(redis, status, clock, memory) : memory,
    setHeaders: false,
    ipv6SubnetPrefix: 64,
  };
}

@Module({
  imports: [
    ThrottlerModule.forRootAsync({
      imports: [ClockModule, RedisModule],
      inject: [ThrottleSettings, Clock, REDIS, RedisStatus],
      useFactory: options,
    }),
  ],
  providers: [AddressThrottlerGuard],
  exports: [AddressThrottlerGuard, ThrottlerModule],
})
export class ThrottleModule {}
