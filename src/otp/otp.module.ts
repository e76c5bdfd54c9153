import { Module, type OnModuleInit } from '@nestjs/common';
import { ClockModule } from '../clock/clock.module';
import { SETTINGS, type Settings } from '../config/settings';
import { KeyRing } from '../key/key-ring';
import { SmsDispatcher } from '../sms/sms-dispatcher';
import { SmsModule } from '../sms/sms.module';
import { TransactionModule } from '../transaction/transaction.module';
import { OtpCodes } from './otp-codes';
import { OTP_POLICY, type OtpPolicy } from './otp-policy';
import { OtpTexts } from './otp-texts';
import { OtpService } from './otp.service';

@Module({
  imports: [ClockModule, SmsModule, TransactionModule],
  providers: [
    OtpService,
    OtpTexts,
    {
      provide: OtpCodes,
      inject: [SETTINGS],
      useFactory: ({ secretKeys }: Settings) => new OtpCodes(new KeyRing(secretKeys, 'otp')),
    },
    {
      provide: OTP_POLICY,
      inject: [SETTINGS],
      useFactory: (given: Settings): OtpPolicy => ({
        ttlSeconds: given.otpTtlSeconds,
        maxAttempts: given.otpMaxAttempts,
        resendSeconds: given.otpResendSeconds,
      }),
    },
  ],
  exports: [OtpService],
})
export class OtpModule implements OnModuleInit {
  constructor(
    private readonly dispatcher: SmsDispatcher,
    private readonly texts: OtpTexts,
  ) {}

  onModuleInit(): void {
    this.dispatcher.takeCodesFrom(this.texts);
  }
}
