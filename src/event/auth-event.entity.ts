import { Column, Entity, Index } from 'typeorm';
import { AsciiColumn, TimeColumn } from '../transaction/column.decorator';

export type AuthEventKind =
  | 'signed_in'
  | 'signed_out'
  | 'session_closed'
  | 'refresh_token_reused'
  | 'phone_number_changed'
  | 'phone_number_restored'
  | 'phone_number_recycled'
  | 'account_deleted';

/** What happened to an account's way in, for its owner to read. No secret, no code, and of the number a keyed hash. */
@Entity('auth_event')
@Index('ix_auth_event_account_id_id', ['accountId', 'id'])
export class AuthEvent {
  /** UUIDv7: sorts by time, and within a millisecond in the order of making. */
  @AsciiColumn({ name: 'id', length: 36, primary: true })
  id!: string;

  @AsciiColumn({ name: 'account_id', length: 36 })
  accountId!: string;

  @AsciiColumn({ name: 'kind', length: 32 })
  kind!: AuthEventKind;

  @TimeColumn({ name: 'at' })
  at!: Date;

  @AsciiColumn({ name: 'session_id', length: 36, nullable: true })
  sessionId!: string | null;

  @AsciiColumn({ name: 'phone_pseudonym', length: 32, nullable: true })
  phonePseudonym!: string | null;

  @AsciiColumn({ name: 'ip', length: 45 })
  ip!: string;

  @Column('varchar', { name: 'user_agent', length: 200 })
  userAgent!: string;
}
