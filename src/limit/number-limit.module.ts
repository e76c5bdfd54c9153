import { Module } from '@nestjs/common';
import { ClockModule } from '../clock/clock.module';
import { KeyRings } from '../key/key-rings';
import { KeyModule } from '../key/key.module';
import { DeviceTokens } from './device-tokens';
import { ClientNaming } from './known-clients';
import { ClientKeyRing, DeviceKeyRing, NumberKeyRing } from './limit-keys';
import { NumberLimitRepository } from './number-limit.repository';
import { NumberLimits } from './number-limits';

/** Limits of a phone number, whoever asks, and how its owner's devices and networks are known. */
@Module({
  imports: [ClockModule, KeyModule],
  providers: [
    ClientNaming,
    DeviceTokens,
    NumberLimitRepository,
    NumberLimits,
    { provide: ClientKeyRing, inject: [KeyRings], useFactory: (rings: KeyRings) => rings.of('known-client') },
    { provide: DeviceKeyRing, inject: [KeyRings], useFactory: (rings: KeyRings) => rings.of('device-token') },
    { provide: NumberKeyRing, inject: [KeyRings], useFactory: (rings: KeyRings) => rings.of('number-limit') },
  ],
  exports: [ClientNaming, DeviceTokens, NumberLimitRepository, NumberLimits],
})
export class NumberLimitModule {}
