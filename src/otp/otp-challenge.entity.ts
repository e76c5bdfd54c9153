import { Column, Entity } from 'typeorm';
import { AsciiColumn, TimeColumn } from '../transaction/column.decorator';

/** What a code is asked for: a code for one purpose is none for another. */
export type OtpPurpose = 'sign-in' | 'new-number';

/** The one code a number can have at a time for a purpose; the key says so. The code itself is nowhere. */
@Entity('otp_challenge')
export class OtpChallenge {
  @AsciiColumn({ name: 'phone_number', length: 16, primary: true })
  phoneNumber!: string;

  @AsciiColumn({ name: 'purpose', length: 16, primary: true })
  purpose!: OtpPurpose;

  /** Random, 128 bits; the code is derived from it. */
  @AsciiColumn({ name: 'id', length: 36 })
  id!: string;

  /** The account that asked for it, and may ask again; null where no account is needed to ask. */
  @AsciiColumn({ name: 'account_id', length: 36, nullable: true })
  accountId!: string | null;

  /** The only session that can use the code: the one that asked last. */
  @AsciiColumn({ name: 'session_id', length: 36, nullable: true })
  sessionId!: string | null;

  /** The key of the ring that the code is derived with. */
  @AsciiColumn({ name: 'key_id', length: 16 })
  keyId!: string;

  /** Comparisons made, never more than allowed. */
  @Column('int', { name: 'attempts' })
  attempts!: number;

  @Column('int', { name: 'sends' })
  sends!: number;

  @TimeColumn({ name: 'issued_at' })
  issuedAt!: Date;

  /** Before this, no text goes to the number, whatever became of the code. */
  @TimeColumn({ name: 'resend_at' })
  resendAt!: Date;

  @TimeColumn({ name: 'expires_at' })
  expiresAt!: Date;

  @TimeColumn({ name: 'consumed_at', nullable: true })
  consumedAt!: Date | null;
}
