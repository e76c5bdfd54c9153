import { Module } from '@nestjs/common';
import { ClockModule } from '../clock/clock.module';
import { CannotStart } from '../error/cannot-start';
import { TransactionModule } from '../transaction/transaction.module';
import { DeliveryController } from './delivery.controller';
import { ReceiptController } from './receipt.controller';
import { SmsOutbox } from './sms-outbox';
import { SmsPriorities } from './sms-priority';
import { SmsQueue } from './sms-queue';
import { SmsReceipts } from './sms-receipts';
import { SmsRouter } from './sms-router';
import { SmsSettings } from './sms-settings';
import { SmsSignal } from './sms-signal';
import { SmsTransports } from './transports';
import { Wording } from './wording';

/** A text that is bound to a website or an app is of no use there unless it is whole. */
function fittingWording(settings: SmsSettings): Wording {
  const wording = new Wording(settings.wording);
  const misfits = wording.samples().filter(({ fits }) => !fits);
  if (misfits.length === 0) return wording;
  const names = 'SMS_APP_NAME, SMS_BOUND_DOMAIN, SMS_ANDROID_HASH';
  throw new CannotStart(`${names}: too long together for one text; see \`npm run sms:lint\`.`);
}

@Module({
  imports: [ClockModule, TransactionModule],
  controllers: [DeliveryController, ReceiptController],
  providers: [
    SmsOutbox,
    SmsPriorities,
    SmsQueue,
    SmsReceipts,
    SmsRouter,
    SmsSignal,
    SmsTransports,
    { provide: Wording, inject: [SmsSettings], useFactory: fittingWording },
  ],
  exports: [SmsOutbox, SmsQueue, SmsRouter, SmsSignal, Wording],
})
export class SmsModule {}
