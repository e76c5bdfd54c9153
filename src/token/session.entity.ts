import { ascii } from '../transaction/ascii';
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** One sign-in on one device: what a refresh token renews. */
@Entity('session')
@Index('ix_session_account_id', ['accountId'])
export class Session {
  @PrimaryColumn('varchar', { ...ascii, name: 'id', length: 36 })
  id!: string;

  @Column('varchar', { ...ascii, name: 'account_id', length: 36 })
  accountId!: string;

  /** `jti` of the only refresh token that is current: 32 hex digits. */
  @Column('varchar', { ...ascii, name: 'refresh_jti', length: 32 })
  refreshJti!: string;

  @Column('datetime', { name: 'created_at', precision: 6 })
  createdAt!: Date;

  /** The end if the session is not used again. */
  @Column('datetime', { name: 'expires_at', precision: 6 })
  expiresAt!: Date;

  /** The end however much it is used. */
  @Column('datetime', { name: 'absolute_expires_at', precision: 6 })
  absoluteExpiresAt!: Date;
}
