import { Column, Entity } from 'typeorm';
import { AsciiColumn, TimeColumn } from '../transaction/column.decorator';
import type { CodeFormat } from '../limit/number-limits';

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

  @AsciiColumn({ name: 'format', length: 16, default: 'numeric' })
  format!: CodeFormat;

  /** `Lanes` as JSON: guesses left, by who guesses. */
  @AsciiColumn({ name: 'lanes', length: 1000, default: '{"others":5,"known":0}' })
  lanes!: string;

  /** Comparisons made, in all lanes. */
  @Column('int', { name: 'attempts' })
  attempts!: number;

  @TimeColumn({ name: 'issued_at' })
  issuedAt!: Date;

  @TimeColumn({ name: 'expires_at' })
  expiresAt!: Date;

  @TimeColumn({ name: 'consumed_at', nullable: true })
  consumedAt!: Date | null;

  /** A code that this one replaced while it was live: known devices and networks can use it until its end. */
  @AsciiColumn({ name: 'former_id', length: 36, nullable: true })
  formerId!: string | null;

  @AsciiColumn({ name: 'former_key_id', length: 16, nullable: true })
  formerKeyId!: string | null;

  @AsciiColumn({ name: 'former_format', length: 16, nullable: true })
  formerFormat!: CodeFormat | null;

  @TimeColumn({ name: 'former_expires_at', nullable: true })
  formerExpiresAt!: Date | null;
}
