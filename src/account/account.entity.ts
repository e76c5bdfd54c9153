import { Column, Entity, Index } from 'typeorm';
import { AsciiColumn, TimeColumn } from '../transaction/column.decorator';

/**
 * The owner of a phone number, who can read its texts. One account a number: the index says so. An account whose number
 * has a new holder is kept without one for a while, and nothing reaches it.
 */
@Entity('account')
@Index('ux_account_phone_number', ['phoneNumber'], { unique: true })
@Index('ux_account_imported_user_id', ['importedUserId'], { unique: true })
@Index('ix_account_number_released_at', ['numberReleasedAt'])
export class Account {
  @AsciiColumn({ name: 'id', length: 36, primary: true })
  id!: string;

  /** E.164; null once the number has gone to an account of its new holder. */
  @AsciiColumn({ name: 'phone_number', length: 16, nullable: true })
  phoneNumber!: string | null;

  /** When that was; null as long as the account has a number. 90 days later it is deleted. */
  @TimeColumn({ name: 'number_released_at', nullable: true })
  numberReleasedAt!: Date | null;

  /** Empty until its owner sets it. */
  @Column('varchar', { name: 'display_name', length: 100 })
  displayName!: string;

  /** BCP 47; empty until its owner sets it. */
  @AsciiColumn({ name: 'locale', length: 35 })
  locale!: string;

  /** The id that the account had in the stack it was brought over from. */
  @AsciiColumn({ name: 'imported_user_id', length: 64, nullable: true })
  importedUserId!: string | null;

  /** `KnownClients` as JSON: keyed hashes of the devices and networks that it signed in from. */
  @AsciiColumn({ name: 'known_clients', length: 1000, default: '{}' })
  knownClients!: string;

  @TimeColumn({ name: 'created_at' })
  createdAt!: Date;

  @TimeColumn({ name: 'last_login_at' })
  lastLoginAt!: Date;
}

/** An account that its owner can reach. */
export type NumberedAccount = Account & { phoneNumber: string };

/** @returns false also for null */
export function hasNumber(account: Account | null): account is NumberedAccount {
  return account !== null && account.phoneNumber !== null;
}
