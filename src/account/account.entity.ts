import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { ascii } from '../transaction/ascii';

/** Whoever can read the texts to a phone number. One account a number: the index says so. */
@Entity('account')
@Index('ux_account_phone_number', ['phoneNumber'], { unique: true })
export class Account {
  @PrimaryColumn('varchar', { ...ascii, name: 'id', length: 36 })
  id!: string;

  /** E.164. */
  @Column('varchar', { ...ascii, name: 'phone_number', length: 16 })
  phoneNumber!: string;

  @Column('datetime', { name: 'created_at', precision: 6 })
  createdAt!: Date;

  @Column('datetime', { name: 'last_login_at', precision: 6 })
  lastLoginAt!: Date;
}
