import { Module } from '@nestjs/common';
import { OtpModule } from '../otp/otp.module';
import { SmsModule } from '../sms/sms.module';
import { DispatchSettings } from './dispatch-settings';
import { SMS_IN_FLIGHT, SmsDispatcher } from './sms-dispatcher';

/** Sends the texts of the outbox. It stands above the codes and the texts, as it brings the two together. */
@Module({
  imports: [OtpModule, SmsModule],
  providers: [
    SmsDispatcher,
    { provide: SMS_IN_FLIGHT, inject: [DispatchSettings], useFactory: ({ inFlight }: DispatchSettings) => inFlight },
  ],
})
export class DispatchModule {}
