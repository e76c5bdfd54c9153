import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { RedisModule } from '../redis/redis.module';
import { TransactionModule } from '../transaction/transaction.module';
import { HealthController } from './health.controller';
import { ReadinessService } from './readiness.service';

@Module({
  imports: [TerminusModule.forRoot({ logger: false }), RedisModule, TransactionModule],
  controllers: [HealthController],
  providers: [ReadinessService],
})
export class HealthModule {}
