import { Module } from '@nestjs/common';
import { ClockModule } from '../clock/clock.module';
import { KeyModule } from '../key/key.module';
import { AuthEvents } from './auth-events';

@Module({
  imports: [ClockModule, KeyModule],
  providers: [AuthEvents],
  exports: [AuthEvents],
})
export class EventModule {}
