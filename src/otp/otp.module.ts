import { Module } from '@nestjs/common';
import { Clock } from '../clock/clock';
import { ClockModule } from '../clock/clock.module';
import { SETTINGS, type Settings } from '../config/settings';
import { KeyRing } from '../key/key-ring';
import { Pseudonyms } from '../key/pseudonyms';
import { Log } from '../log/log';
import { SmsModule } from '../sms/sms.module';
import { TransactionModule } from '../transaction/transaction.module';
import { OtpChallengeRepository } from './otp-challenge.repository';
import { OtpCodes } from './otp-codes';
import { OtpLog } from './otp-log';
import { OtpPolicy } from './otp-policy';
import { OtpTexts } from './otp-texts';
import { OtpService } from './otp.service';
import { PhoneChanges } from './phone-changes';
import { TestNumbers } from './test-numbers';
import { UndoCodes } from './undo-codes';

@Module({
  imports: [ClockModule, SmsModule, TransactionModule],
  providers: [
    OtpChallengeRepository,
    OtpPolicy,
    OtpService,
    OtpTexts,
    PhoneChanges,
    {
      provide: OtpCodes,
      inject: [SETTINGS, Clock],
      useFactory: ({ secretKeys, sms }: Settings, clock: Clock) =>
        new OtpCodes(new KeyRing(secretKeys, 'otp'), new TestNumbers(sms.testNumbers, clock)),
    },
    {
      provide: UndoCodes,
      inject: [SETTINGS],
      useFactory: ({ secretKeys }: Settings) => new UndoCodes(new KeyRing(secretKeys, 'phone-change')),
    },
    {
      provide: OtpLog,
      inject: [SETTINGS, Log],
      useFactory: ({ secretKeys }: Settings, log: Log) =>
        new OtpLog(new Pseudonyms(new KeyRing(secretKeys, 'pseudonym')), log),
    },
  ],
  exports: [OtpService, OtpTexts, PhoneChanges],
})
export class OtpModule {}
