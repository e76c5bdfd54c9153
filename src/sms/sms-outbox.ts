import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../clock/clock';
import type { Transaction } from '../transaction/transaction';
import { SmsDispatcher } from './sms-dispatcher';
import { SmsMessage } from './sms-message.entity';
import { defaultLocale } from './wording';

/** Where texts are left for sending, in the transaction that makes their code. */
@Injectable()
export class SmsOutbox {
  constructor(
    private readonly clock: Clock,
    private readonly dispatcher: SmsDispatcher,
  ) {}

  async add(transaction: Transaction, text: { challengeId: string; to: string; locale?: string }): Promise<void> {
    const now = this.clock.now();
    await transaction.manager.insert(SmsMessage, {
      id: uuidv7(),
      challengeId: text.challengeId,
      phoneNumber: text.to,
      locale: text.locale ?? defaultLocale,
      state: 'queued',
      attempts: 0,
      nextTryAt: now,
      createdAt: now,
    });
    transaction.afterCommit(() => this.dispatcher.wake());
  }

  async forget(transaction: Transaction, phoneNumber: string): Promise<void> {
    await transaction.manager.delete(SmsMessage, { phoneNumber });
  }
}
