import { Injectable } from '@nestjs/common';
import { Not } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { LanguageWish } from '../client/language-wish';
import { Clock } from '../clock/clock';
import { NotFound } from '../error/refusal';
import type { Transaction } from '../transaction/transaction';
import { TransactionRunner } from '../transaction/transaction-runner';
import { SmsMessage, type SmsState } from './sms-message.entity';
import { priority, SmsPriorities } from './sms-priority';
import { SmsSignal } from './sms-signal';
import { Wording, type SmsTemplate } from './wording';

export interface NewText {
  template: SmsTemplate;
  /** Of what the code in the text is derived from. */
  challengeId: string;
  /** E.164. */
  to: string;
  language: LanguageWish;
  /** Nothing is to be sent: it is a test number, whose code is known. */
  unsent?: boolean;
}

/** The half of the texts' table that is written in the transaction that makes a code; `SmsQueue` has the other half. */
@Injectable()
export class SmsOutbox {
  constructor(
    private readonly transactions: TransactionRunner,
    private readonly wording: Wording,
    private readonly priorities: SmsPriorities,
    private readonly signal: SmsSignal,
    private readonly clock: Clock,
  ) {}

  /** Leaves a text for sending. @returns the id of the text, by which its sending can be followed */
  async add(transaction: Transaction, { challengeId, to, template, language, unsent }: NewText): Promise<string> {
    const now = this.clock.now();
    const id = uuidv7();
    const done = { state: 'sent', dueAt: null, priority: priority.busyPrefix, reason: 'test_number', finishedAt: now };
    const due = { state: 'queued', dueAt: now, priority: this.priorities.of(to), reason: null, finishedAt: null };
    await transaction.insert(SmsMessage, {
      id,
      challengeId,
      phoneNumber: to,
      template,
      locale: this.wording.languageFor(language, to),
      attempts: 0,
      sends: 0,
      transport: null,
      refusedBy: '',
      providerId: null,
      createdAt: now,
      ...((unsent ? done : due) as Pick<SmsMessage, keyof typeof done>),
    });
    transaction.afterCommit(() => this.signal.emit('due'));
    return id;
  }

  /** @throws NotFound if there is no such text */
  async stateOf(id: string): Promise<SmsState> {
    const message = await this.transactions.run(({ manager }) =>
      manager.findOne(SmsMessage, { select: { id: true, state: true }, where: { id } }),
    );
    if (message === null) throw new NotFound();
    return message.state;
  }

  /** Deletes the texts of a number, but for those about a change that it can still undo: they go with the change. */
  async forget(transaction: Transaction, phoneNumber: string): Promise<void> {
    await transaction.manager.delete(SmsMessage, { phoneNumber, template: Not<SmsTemplate>('phone-changed') });
  }

  /** Deletes the text of a challenge or a change, whether it was sent or not. */
  async cancel(transaction: Transaction, phoneNumber: string, challengeId: string): Promise<void> {
    await transaction.manager.delete(SmsMessage, { phoneNumber, challengeId });
  }
}
