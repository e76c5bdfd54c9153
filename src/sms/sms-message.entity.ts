import { ascii } from '../transaction/ascii';
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** `queued` waits for its next try, `sending` is with a dispatcher until then; the others are ends. */
export type SmsState = 'queued' | 'sending' | 'sent' | 'failed' | 'expired';

/** A text to be sent: committed together with its code's challenge, and holding that challenge's id instead of words. */
@Entity('sms_message')
@Index('ix_sms_message_phone_number', ['phoneNumber'])
@Index('ix_sms_message_state_next_try_at', ['state', 'nextTryAt'])
export class SmsMessage {
  @PrimaryColumn('varchar', { ...ascii, name: 'id', length: 36 })
  id!: string;

  @Column('varchar', { ...ascii, name: 'challenge_id', length: 36 })
  challengeId!: string;

  @Column('varchar', { ...ascii, name: 'phone_number', length: 16 })
  phoneNumber!: string;

  @Column('varchar', { ...ascii, name: 'locale', length: 35 })
  locale!: string;

  @Column('varchar', { ...ascii, name: 'state', length: 10 })
  state!: SmsState;

  /** Times that a dispatcher took it up; also what a claim is guarded by. */
  @Column('int', { name: 'attempts' })
  attempts!: number;

  /** When a dispatcher may take it up, whatever became of the one that has it now. */
  @Column('datetime', { name: 'next_try_at', precision: 6 })
  nextTryAt!: Date;

  @Column('varchar', { ...ascii, name: 'transport', length: 32, nullable: true })
  transport!: string | null;

  @Column('varchar', { ...ascii, name: 'reason', length: 64, nullable: true })
  reason!: string | null;

  @Column('datetime', { name: 'created_at', precision: 6 })
  createdAt!: Date;

  @Column('datetime', { name: 'finished_at', precision: 6, nullable: true })
  finishedAt!: Date | null;
}
