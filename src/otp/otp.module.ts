import { Module } from '@nestjs/common';
import { Clock } from '../clock/clock';
import { ClockModule } from '../clock/clock.module';
import { KeyRings } from '../key/key-rings';
import { KeyModule } from '../key/key.module';
import { NumberLimitModule } from '../limit/number-limit.module';
import { SmsModule } from '../sms/sms.module';
import { TransactionModule } from '../transaction/transaction.module';
import { OtpChallengeRepository } from './otp-challenge.repository';
import { OtpCodes } from './otp-codes';
import { OtpKeyRing, UndoKeyRing } from './otp-keys';
import { OtpLog } from './otp-log';
import { OtpPolicy } from './otp-policy';
import { OtpTexts } from './otp-texts';
import { OtpService } from './otp.service';
import { PhoneChangeRepository } from './phone-change.repository';
import { PhoneChanges } from './phone-changes';
import { RequestPlanner } from './request-plan';
import { TestNumberSettings } from './test-number-settings';
import { TestNumbers } from './test-numbers';
import { UndoCodes } from './undo-codes';

@Module({
  imports: [ClockModule, KeyModule, NumberLimitModule, SmsModule, TransactionModule],
  providers: [
    OtpChallengeRepository,
    OtpCodes,
    OtpLog,
    OtpPolicy,
    OtpService,
    OtpTexts,
    PhoneChangeRepository,
    PhoneChanges,
    RequestPlanner,
    UndoCodes,
    { provide: OtpKeyRing, inject: [KeyRings], useFactory: (rings: KeyRings) => rings.of('otp') },
    { provide: UndoKeyRing, inject: [KeyRings], useFactory: (rings: KeyRings) => rings.of('phone-change') },
    {
      provide: TestNumbers,
      inject: [TestNumberSettings, Clock],
      useFactory: ({ testNumbers }: TestNumberSettings, clock: Clock) => new TestNumbers(testNumbers, clock),
    },
  ],
  exports: [OtpService, OtpTexts, PhoneChanges],
})
export class OtpModule {}
