import { Module } from '@nestjs/common';
import { ClockModule } from '../clock/clock.module';
import { KeyRings } from '../key/key-rings';
import { KeyModule } from '../key/key.module';
import { TransactionModule } from '../transaction/transaction.module';
import { Altcha } from './altcha';
import { AltchaDifficulty } from './altcha-difficulty';
import { ChallengeKeyRing } from './challenge-keys';
import { ChallengeController } from './challenge.controller';
import { Challenges } from './challenges';
import { Siteverify, SiteverifyEndpoints } from './siteverify';

@Module({
  imports: [ClockModule, KeyModule, TransactionModule],
  controllers: [ChallengeController],
  providers: [
    Altcha,
    AltchaDifficulty,
    Challenges,
    Siteverify,
    SiteverifyEndpoints,
    { provide: ChallengeKeyRing, inject: [KeyRings], useFactory: (rings: KeyRings) => rings.of('challenge') },
  ],
  exports: [Challenges],
})
export class ChallengeModule {}
