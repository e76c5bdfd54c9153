import { Module } from '@nestjs/common';
import { ChallengeModule } from '../challenge/challenge.module';
import { ClockModule } from '../clock/clock.module';
import { EventModule } from '../event/event.module';
import { LimitModule } from '../limit/limit.module';
import { NumberLimitModule } from '../limit/number-limit.module';
import { OtpModule } from '../otp/otp.module';
import { SessionModule } from '../session/session.module';
import { TokenModule } from '../token/token.module';
import { TransactionModule } from '../transaction/transaction.module';
import { AccountController } from './account.controller';
import { AccountRepository } from './account.repository';
import { AccountService } from './account.service';
import { Accounts } from './accounts';
import { ChallengeProofs } from './challenge-proof';
import { ClientGate } from './client-gate';
import { ClientRecognition } from './client-recognition';
import { EventController } from './event.controller';
import { ExchangeService } from './exchange.service';
import { FreshSignIn } from './fresh-sign-in';
import { IdempotentReplies } from './idempotent-replies';
import { MeController } from './me.controller';
import { PhoneChangeService } from './phone-change.service';
import { PhoneUndoController } from './phone-undo.controller';
import { PhoneUndoService } from './phone-undo.service';
import { ProfileService } from './profile.service';
import { RecycledNumbers } from './recycled-numbers';
import { RenewalService } from './renewal.service';
import { Retention } from './retention';
import { SpentForeignTokens } from './spent-foreign-tokens';
import { TokenController } from './token.controller';
import { TokenPairs } from './token-pairs';

@Module({
  imports: [
    ChallengeModule,
    ClockModule,
    EventModule,
    LimitModule,
    NumberLimitModule,
    OtpModule,
    SessionModule,
    TokenModule,
    TransactionModule,
  ],
  controllers: [AccountController, MeController, PhoneUndoController, EventController, TokenController],
  providers: [
    AccountRepository,
    Accounts,
    AccountService,
    ChallengeProofs,
    ClientGate,
    ClientRecognition,
    ExchangeService,
    FreshSignIn,
    IdempotentReplies,
    PhoneChangeService,
    PhoneUndoService,
    ProfileService,
    RecycledNumbers,
    RenewalService,
    Retention,
    SpentForeignTokens,
    TokenPairs,
  ],
})
export class AccountModule {}
