import { ascii } from '../transaction/ascii';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a code is asked for: a code for one purpose is none for another. */
export type OtpPurpose = 'sign-in' | 'new-number';

/** The one code a number can have at a time for a purpose; the key says so. The code itself is nowhere. */
@Entity('otp_challenge')
export class OtpChallenge {
  @PrimaryColumn('varchar', { ...ascii, name: 'phone_number', length: 16 })
  phoneNumber!: string;

  @PrimaryColumn('varchar', { ...ascii, name: 'purpose', length: 16 })
  purpose!: OtpPurpose;

  /** Random, 128 bits; the code is derived from it. */
  @Column('varchar', { ...ascii, name: 'id', length: 36 })
  id!: string;

  /** The account that asked for it, and may ask again; null where no account is needed to ask. */
  @Column('varchar', { ...ascii, name: 'account_id', length: 36, nullable: true })
  accountId!: string | null;

  /** The only session that can use the code: the one that asked last. */
  @Column('varchar', { ...ascii, name: 'session_id', length: 36, nullable: true })
  sessionId!: string | null;

  /** The key of the ring that the code is derived with. */
  @Column('varchar', { ...ascii, name: 'key_id', length: 16 })
  keyId!: string;

  /** Comparisons made, never more than allowed. */
  @Column('int', { name: 'attempts' })
  attempts!: number;

  @Column('int', { name: 'sends' })
  sends!: number;

  @Column('datetime', { name: 'issued_at', precision: 6 })
  issuedAt!: Date;

  /** Before this, no text goes to the number, whatever became of the code. */
  @Column('datetime', { name: 'resend_at', precision: 6 })
  resendAt!: Date;

  @Column('datetime', { name: 'expires_at', precision: 6 })
  expiresAt!: Date;

  @Column('datetime', { name: 'consumed_at', precision: 6, nullable: true })
  consumedAt!: Date | null;
}
