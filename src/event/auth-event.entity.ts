import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { ascii } from '../transaction/ascii';

export type AuthEventKind =
  | 'signed_in'
  | 'signed_out'
  | 'session_closed'
  | 'refresh_token_reused'
  | 'phone_number_changed'
  | 'phone_number_restored'
  | 'account_deleted';

/** What happened to an account's way in, for its owner to read. No secret, no code, and of the number a keyed hash. */
@Entity('auth_event')
@Index('ix_auth_event_account_id_id', ['accountId', 'id'])
export class AuthEvent {
  /** UUIDv7: sorts by time, and within a millisecond in the order of making. */
  @PrimaryColumn('varchar', { ...ascii, name: 'id', length: 36 })
  id!: string;

  @Column('varchar', { ...ascii, name: 'account_id', length: 36 })
  accountId!: string;

  @Column('varchar', { ...ascii, name: 'kind', length: 32 })
  kind!: AuthEventKind;

  @Column('datetime', { name: 'at', precision: 6 })
  at!: Date;

  @Column('varchar', { ...ascii, name: 'session_id', length: 36, nullable: true })
  sessionId!: string | null;

  @Column('varchar', { ...ascii, name: 'phone_pseudonym', length: 32, nullable: true })
  phonePseudonym!: string | null;

  @Column('varchar', { ...ascii, name: 'ip', length: 45 })
  ip!: string;

  @Column('varchar', { name: 'user_agent', length: 200 })
  userAgent!: string;
}
