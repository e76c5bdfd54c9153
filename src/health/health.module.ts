import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { RedisModule } from '../redis/redis.module';
import { TransactionModule } from '../transaction/transaction.module';
import { HealthController } from './health.controller';
import { DatabaseIndicator } from './database.indicator';
import { ReadinessService } from './readiness.service';
import { RedisIndicator } from './redis.indicator';

@Module({
  imports: [TerminusModule.forRoot({ logger: false }), RedisModule, TransactionModule],
  controllers: [HealthController],
  providers: [DatabaseIndicator, ReadinessService, RedisIndicator],
})
export class HealthModule {}
