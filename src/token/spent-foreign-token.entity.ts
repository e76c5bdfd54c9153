import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { ascii } from '../transaction/ascii';

/**
 * A refresh token of the former stack that was exchanged or signed out. It outlives session and account: a token that
 * was used never comes back to life.
 */
@Entity('spent_foreign_token')
@Index('ix_spent_foreign_token_expires_at', ['expiresAt'])
export class SpentForeignToken {
  /** `jti` of the token: its issuer is the only one, so that this alone names it. */
  @PrimaryColumn('varchar', { ...ascii, name: 'jti', length: 64 })
  jti!: string;

  @Column('datetime', { name: 'spent_at', precision: 6 })
  spentAt!: Date;

  /** The token's own end: from then on the row may be deleted. */
  @Column('datetime', { name: 'expires_at', precision: 6 })
  expiresAt!: Date;
}
