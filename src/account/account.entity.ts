import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { ascii } from '../transaction/ascii';

/** Whoever can read the texts to a phone number. One account a number: the index says so. */
@Entity('account')
@Index('ux_account_phone_number', ['phoneNumber'], { unique: true })
@Index('ux_account_imported_user_id', ['importedUserId'], { unique: true })
export class Account {
  @PrimaryColumn('varchar', { ...ascii, name: 'id', length: 36 })
  id!: string;

  /** E.164. */
  @Column('varchar', { ...ascii, name: 'phone_number', length: 16 })
  phoneNumber!: string;

  /** Empty until its owner sets it. */
  @Column('varchar', { name: 'display_name', length: 100 })
  displayName!: string;

  /** BCP 47; empty until its owner sets it. */
  @Column('varchar', { ...ascii, name: 'locale', length: 35 })
  locale!: string;

  /** The id that the account had in the stack it was brought over from. */
  @Column('varchar', { ...ascii, name: 'imported_user_id', length: 64, nullable: true })
  importedUserId!: string | null;

  @Column('datetime', { name: 'created_at', precision: 6 })
  createdAt!: Date;

  @Column('datetime', { name: 'last_login_at', precision: 6 })
  lastLoginAt!: Date;
}
