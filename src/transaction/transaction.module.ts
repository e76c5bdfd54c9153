import { Module } from '@nestjs/common';
import { ClockModule } from '../clock/clock.module';
import { ClockSkew } from './clock-skew';
import { ClockWatch } from './clock-watch';
import { TransactionRunner } from './transaction-runner';

@Module({
  imports: [ClockModule],
  providers: [ClockSkew, ClockWatch, TransactionRunner],
  exports: [ClockSkew, TransactionRunner],
})
export class TransactionModule {}
