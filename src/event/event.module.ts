import { Module } from '@nestjs/common';
import { Clock } from '../clock/clock';
import { ClockModule } from '../clock/clock.module';
import { SETTINGS, type Settings } from '../config/settings';
import { KeyRing } from '../key/key-ring';
import { AuthEvents } from './auth-events';

@Module({
  imports: [ClockModule],
  providers: [
    {
      provide: AuthEvents,
      inject: [SETTINGS, Clock],
      useFactory: ({ secretKeys }: Settings, clock: Clock) =>
        new AuthEvents(new KeyRing(secretKeys, 'pseudonym'), clock),
    },
  ],
  exports: [AuthEvents],
})
export class EventModule {}
