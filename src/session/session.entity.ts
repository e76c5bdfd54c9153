import { Column, Entity, Index } from 'typeorm';
import { AsciiColumn, TimeColumn } from '../transaction/column.decorator';

export type SessionEnd =
  | 'signed_out'
  | 'closed'
  | 'refresh_token_reused'
  | 'too_many'
  | 'phone_number_changed'
  | 'phone_number_restored'
  | 'phone_number_recycled';

/** One sign-in on one device: what a refresh token renews. At most one refresh token of it is current. */
@Entity('session')
@Index('ix_session_account_id_created_at', ['accountId', 'createdAt'])
@Index('ix_session_idempotency_key', ['idempotencyKey'])
@Index('ux_session_imported_jti', ['importedJti'], { unique: true })
export class Session {
  @AsciiColumn({ name: 'id', length: 36, primary: true })
  id!: string;

  @AsciiColumn({ name: 'account_id', length: 36 })
  accountId!: string;

  /** `jti` of the current refresh token: 32 hex digits. */
  @AsciiColumn({ name: 'refresh_jti', length: 32 })
  refreshJti!: string;

  /** The one before it, answered with the same successor for a while. */
  @AsciiColumn({ name: 'previous_jti', length: 32, nullable: true })
  previousJti!: string | null;

  @TimeColumn({ name: 'created_at' })
  createdAt!: Date;

  /** When the current refresh token was issued, and the session last used. */
  @TimeColumn({ name: 'rotated_at' })
  rotatedAt!: Date;

  /** The end if the session is not used again. */
  @TimeColumn({ name: 'expires_at' })
  expiresAt!: Date;

  /** The end however much it is used. */
  @TimeColumn({ name: 'absolute_expires_at' })
  absoluteExpiresAt!: Date;

  @TimeColumn({ name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;

  @AsciiColumn({ name: 'revoked_why', length: 32, nullable: true })
  revokedWhy!: SessionEnd | null;

  @Column('boolean', { name: 'new_member' })
  newMember!: boolean;

  @AsciiColumn({ name: 'ip', length: 45 })
  ip!: string;

  @Column('varchar', { name: 'user_agent', length: 200 })
  userAgent!: string;

  /** Keyed hash of the `Idempotency-Key` that the sign-in came with, and of its number. */
  @AsciiColumn({ name: 'idempotency_key', length: 64, nullable: true })
  idempotencyKey!: string | null;

  /** Keyed hash of that key, the number and the code together. */
  @AsciiColumn({ name: 'idempotency_body', length: 64, nullable: true })
  idempotencyBody!: string | null;

  /** How often that key came with another code. */
  @Column('int', { name: 'idempotency_mismatches', default: 0 })
  idempotencyMismatches!: number;

  /** `jti` of the refresh token of another issuer that this session was exchanged for; each is taken once. */
  @AsciiColumn({ name: 'imported_jti', length: 64, nullable: true })
  importedJti!: string | null;
}
