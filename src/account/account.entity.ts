import { Column, Entity, Index } from 'typeorm';
import { AsciiColumn, TimeColumn } from '../transaction/column.decorator';

/** The owner of a phone number, who can read its texts. One account a number: the index says so. */
@Entity('account')
@Index('ux_account_phone_number', ['phoneNumber'], { unique: true })
@Index('ux_account_imported_user_id', ['importedUserId'], { unique: true })
export class Account {
  @AsciiColumn({ name: 'id', length: 36, primary: true })
  id!: string;

  /** E.164. */
  @AsciiColumn({ name: 'phone_number', length: 16 })
  phoneNumber!: string;

  /** Empty until its owner sets it. */
  @Column('varchar', { name: 'display_name', length: 100 })
  displayName!: string;

  /** BCP 47; empty until its owner sets it. */
  @AsciiColumn({ name: 'locale', length: 35 })
  locale!: string;

  /** The id that the account had in the stack it was brought over from. */
  @AsciiColumn({ name: 'imported_user_id', length: 64, nullable: true })
  importedUserId!: string | null;

  @TimeColumn({ name: 'created_at' })
  createdAt!: Date;

  @TimeColumn({ name: 'last_login_at' })
  lastLoginAt!: Date;
}
