import { Module } from '@nestjs/common';
import { Clock } from '../clock/clock';
import { ClockModule } from '../clock/clock.module';
import { SETTINGS, type Settings } from '../config/settings';
import { EventModule } from '../event/event.module';
import { KeyRing } from '../key/key-ring';
import { OtpModule } from '../otp/otp.module';
import { TokenModule } from '../token/token.module';
import { TransactionModule } from '../transaction/transaction.module';
import { AccountController } from './account.controller';
import { AccountService } from './account.service';
import { Accounts } from './accounts';
import { EventController } from './event.controller';
import { FreshSignIn } from './fresh-sign-in';
import { Idempotency } from './idempotency';
import { IdempotentReplies } from './idempotent-replies';
import { MeController } from './me.controller';
import { PhoneChangeService } from './phone-change.service';
import { PhoneUndoController } from './phone-undo.controller';
import { PhoneUndoService } from './phone-undo.service';
import { ProfileService } from './profile.service';
import { Retention } from './retention';

@Module({
  imports: [ClockModule, EventModule, OtpModule, TokenModule, TransactionModule],
  controllers: [AccountController, MeController, PhoneUndoController, EventController],
  providers: [
    Accounts,
    AccountService,
    FreshSignIn,
    IdempotentReplies,
    PhoneChangeService,
    PhoneUndoService,
    ProfileService,
    Retention,
    {
      provide: Idempotency,
      inject: [SETTINGS, Clock],
      useFactory: ({ secretKeys }: Settings, clock: Clock) =>
        new Idempotency(new KeyRing(secretKeys, 'idempotency'), clock),
    },
  ],
})
export class AccountModule {}
