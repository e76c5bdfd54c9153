import { Module } from '@nestjs/common';
import { Clock } from '../clock/clock';
import { ClockModule } from '../clock/clock.module';
import { SETTINGS, type Settings } from '../config/settings';
import { CannotStart } from '../error/cannot-start';
import { Log } from '../log/log';
import { TransactionModule } from '../transaction/transaction.module';
import { DeliveryController } from './delivery.controller';
import { ReceiptController } from './receipt.controller';
import { SmsDispatcher } from './sms-dispatcher';
import { SmsOutbox } from './sms-outbox';
import { SmsQueue } from './sms-queue';
import { SmsReceipts } from './sms-receipts';
import { SMS_ROUTES, SmsRouter } from './sms-router';
import { SMS_TRANSPORTS } from './sms-transport';
import { transportsOf } from './transports';
import { Wording } from './wording';

/** A text that is bound to a website or an app and does not fit is no use there; any other only costs more. */
function fittingWording({ sms }: Settings, log: Log): Wording {
  const wording = new Wording(sms.wording);
  const misfits = wording.samples().filter(({ fits }) => !fits);
  if (misfits.length === 0) return wording;
  const which = misfits.map(({ template, language }) => `${template} ${language}`).join(', ');
  if (wording.isBound) {
    const names = 'SMS_APP_NAME, SMS_BOUND_DOMAIN, SMS_ANDROID_HASH';
    throw new CannotStart(`${names}: too long together for one text (${which}); see \`npm run sms:lint\`.`);
  }
  log.warn(`texts of more than one segment (${which}): see npm run sms:lint`);
  return wording;
}

@Module({
  imports: [ClockModule, TransactionModule],
  controllers: [DeliveryController, ReceiptController],
  providers: [
    SmsDispatcher,
    SmsOutbox,
    SmsQueue,
    SmsReceipts,
    SmsRouter,
    { provide: SMS_TRANSPORTS, inject: [SETTINGS, Clock, Log], useFactory: transportsOf },
    { provide: SMS_ROUTES, inject: [SETTINGS], useFactory: ({ sms }: Settings) => sms.routes },
    { provide: Wording, inject: [SETTINGS, Log], useFactory: fittingWording },
  ],
  exports: [SmsDispatcher, SmsOutbox],
})
export class SmsModule {}
