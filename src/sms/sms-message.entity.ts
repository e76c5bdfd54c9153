import { Column, Entity, Index } from 'typeorm';
import type { SmsLanguage } from './wording-settings';
import { AsciiColumn, TimeColumn } from '../transaction/column.decorator';
import { priority, type SmsPriority } from './sms-priority';
import type { SmsTemplate } from './wording';

/**
 * `queued` waits for its next try, `sending` is with a dispatcher until its lease ends. `sent` is with a provider, and
 * a receipt may still make it `delivered`, `failed` or, for another transport, `queued` again. The rest are ends.
 */
export type SmsState = 'queued' | 'sending' | 'sent' | 'delivered' | 'failed' | 'expired';

/** A text to be sent: committed together with its code's challenge, and holding that challenge's id instead of words. */
@Entity('sms_message')
@Index('ix_sms_message_phone_number', ['phoneNumber'])
@Index('ix_sms_message_due_at', ['dueAt'])
@Index('ix_sms_message_priority_due_at', ['priority', 'dueAt'])
@Index('ix_sms_message_transport_provider_id', ['transport', 'providerId'])
export class SmsMessage {
  /** Also what a client asks by what became of its request, and what providers know a text by. */
  @AsciiColumn({ name: 'id', length: 36, primary: true })
  id!: string;

  @AsciiColumn({ name: 'challenge_id', length: 36 })
  challengeId!: string;

  @AsciiColumn({ name: 'phone_number', length: 16 })
  phoneNumber!: string;

  @AsciiColumn({ name: 'template', length: 16 })
  template!: SmsTemplate;

  @AsciiColumn({ name: 'locale', length: 35 })
  locale!: SmsLanguage;

  @AsciiColumn({ name: 'state', length: 10 })
  state!: SmsState;

  /** Times that a dispatcher took it up; what a dispatcher whose lease is over finds changed. */
  @Column('int', { name: 'attempts' })
  attempts!: number;

  /** From when on a dispatcher may take it up, whatever became of the one that has it; null when there is nothing to do. */
  @TimeColumn({ name: 'due_at', nullable: true })
  dueAt!: Date | null;

  /** Which texts go first while more are due than can be sent. */
  @Column('int', { name: 'priority', default: priority.busyPrefix })
  priority!: SmsPriority;

  /** Times that a provider took it: each is paid. */
  @Column('int', { name: 'sends', default: 0 })
  sends!: number;

  /** The transport that has or had it last. */
  @AsciiColumn({ name: 'transport', length: 32, nullable: true })
  transport!: string | null;

  /** Transports that will not take it, or did not deliver it: comma-separated. */
  @AsciiColumn({ name: 'refused_by', length: 128 })
  refusedBy!: string;

  /** The provider's id of it. */
  @AsciiColumn({ name: 'provider_id', length: 128, nullable: true })
  providerId!: string | null;

  /** Why the last try came to nothing. */
  @AsciiColumn({ name: 'reason', length: 64, nullable: true })
  reason!: string | null;

  @TimeColumn({ name: 'created_at' })
  createdAt!: Date;

  /** When it came into the state that it is in, unless that is `queued` or `sending`. */
  @TimeColumn({ name: 'finished_at', nullable: true })
  finishedAt!: Date | null;
}
