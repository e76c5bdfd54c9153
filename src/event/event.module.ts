import { Module } from '@nestjs/common';
import { Clock } from '../clock/clock';
import { ClockModule } from '../clock/clock.module';
import { KeyRing } from '../key/key-ring';
import { KeySettings } from '../key/key-settings';
import { Pseudonyms } from '../key/pseudonyms';
import { Log } from '../log/log';
import { AuthEvents } from './auth-events';

@Module({
  imports: [ClockModule],
  providers: [
    {
      provide: AuthEvents,
      inject: [KeySettings, Clock, Log],
      useFactory: ({ secretKeys }: KeySettings, clock: Clock, log: Log) =>
        new AuthEvents(new Pseudonyms(new KeyRing(secretKeys, 'pseudonym')), clock, log),
    },
  ],
  exports: [AuthEvents],
})
export class EventModule {}
