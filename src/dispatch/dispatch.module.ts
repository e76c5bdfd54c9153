import { Module } from '@nestjs/common';
import { OtpModule } from '../otp/otp.module';
import { SmsModule } from '../sms/sms.module';
import { SmsDispatcher } from './sms-dispatcher';

/** Sends the texts of the outbox. It stands above the codes and the texts, as it brings the two together. */
@Module({
  imports: [OtpModule, SmsModule],
  providers: [SmsDispatcher],
})
export class DispatchModule {}
