import { Module } from '@nestjs/common';
import { ClockModule } from '../clock/clock.module';
import { ClockSkew } from './clock-skew';
import { ClockWatch } from './clock-watch';
import { Transactions } from './transactions';

@Module({
  imports: [ClockModule],
  providers: [ClockSkew, ClockWatch, Transactions],
  exports: [ClockSkew, Transactions],
})
export class TransactionModule {}
