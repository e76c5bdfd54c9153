import { Module } from '@nestjs/common';
import { ClockModule } from '../clock/clock.module';
import { OtpModule } from '../otp/otp.module';
import { TokenModule } from '../token/token.module';
import { TransactionModule } from '../transaction/transaction.module';
import { AccountController } from './account.controller';
import { AccountService } from './account.service';

@Module({
  imports: [ClockModule, OtpModule, TokenModule, TransactionModule],
  controllers: [AccountController],
  providers: [AccountService],
})
export class AccountModule {}
