import { Module } from '@nestjs/common';
import { Clock } from '../clock/clock';
import { ClockModule } from '../clock/clock.module';
import { SETTINGS, type Settings, type SmsTransportName } from '../config/settings';
import { TransactionModule } from '../transaction/transaction.module';
import { SmsDispatcher } from './sms-dispatcher';
import { SmsOutbox } from './sms-outbox';
import { SMS_TRANSPORTS, type SmsTransport } from './sms-transport';
import { ConsoleTransport } from './transport/console.transport';
import { FileTransport } from './transport/file.transport';

const transports: Record<SmsTransportName, (settings: Settings, clock: Clock) => SmsTransport> = {
  console: () => new ConsoleTransport(),
  file: ({ smsFile }, clock) => new FileTransport(smsFile, clock),
};

@Module({
  imports: [ClockModule, TransactionModule],
  providers: [
    SmsDispatcher,
    SmsOutbox,
    {
      provide: SMS_TRANSPORTS,
      inject: [SETTINGS, Clock],
      useFactory: (given: Settings, clock: Clock) => given.smsTransports.map((name) => transports[name](given, clock)),
    },
  ],
  exports: [SmsDispatcher, SmsOutbox],
})
export class SmsModule {}
