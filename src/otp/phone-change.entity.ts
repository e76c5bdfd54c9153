import { Column, Entity, Index } from 'typeorm';
import { AsciiColumn, TimeColumn } from '../transaction/column.decorator';

/** A change of an account's number that the former number can still undo. Its code is stored nowhere. */
@Entity('phone_change')
@Index('ux_phone_change_account_id_step', ['accountId', 'step'], { unique: true })
@Index('ix_phone_change_former_number', ['formerNumber'])
@Index('ix_phone_change_expires_at', ['expiresAt'])
export class PhoneChange {
  /** Random, 122 bits (UUIDv4); the code is derived from it. */
  @AsciiColumn({ name: 'id', length: 36, primary: true })
  id!: string;

  @AsciiColumn({ name: 'account_id', length: 36 })
  accountId!: string;

  /** Counts the changes of the account that can be undone: the clocks of two nodes may disagree about the order. */
  @Column('int', { name: 'step' })
  step!: number;

  /** E.164. */
  @AsciiColumn({ name: 'former_number', length: 16 })
  formerNumber!: string;

  /** The key of the ring that the code is derived with. */
  @AsciiColumn({ name: 'key_id', length: 16 })
  keyId!: string;

  @TimeColumn({ name: 'expires_at' })
  expiresAt!: Date;
}
