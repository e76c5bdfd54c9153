import { Module } from '@nestjs/common';
import { ClockModule } from '../clock/clock.module';
import { EventModule } from '../event/event.module';
import { KeyRings } from '../key/key-rings';
import { KeyModule } from '../key/key.module';
import { TokenModule } from '../token/token.module';
import { TransactionModule } from '../transaction/transaction.module';
import { BearerGuard } from './bearer.guard';
import { Callers } from './callers';
import { Idempotency } from './idempotency';
import { SessionController } from './session.controller';
import { SessionPolicy } from './session-policy';
import { SessionRepository } from './session.repository';
import { SessionService } from './session.service';
import { SessionState } from './session-state';

@Module({
  imports: [ClockModule, EventModule, KeyModule, TokenModule, TransactionModule],
  controllers: [SessionController],
  providers: [
    BearerGuard,
    Callers,
    SessionPolicy,
    SessionRepository,
    SessionService,
    SessionState,
    {
      provide: Idempotency,
      inject: [KeyRings],
      useFactory: (rings: KeyRings) => new Idempotency(rings.of('idempotency')),
    },
  ],
  exports: [BearerGuard, Callers, Idempotency, SessionService],
})
export class SessionModule {}
