import { Entity, Index } from 'typeorm';
import { AsciiColumn, TimeColumn } from '../transaction/column.decorator';

/**
 * A refresh token of the former stack that was exchanged or signed out. It outlives session and account: a token that
 * was used never comes back to life.
 */
@Entity('spent_foreign_token')
@Index('ix_spent_foreign_token_expires_at', ['expiresAt'])
export class SpentForeignToken {
  /** `jti` of the token: its issuer is the only one, so that this alone names it. */
  @AsciiColumn({ name: 'jti', length: 64, primary: true })
  jti!: string;

  @TimeColumn({ name: 'spent_at' })
  spentAt!: Date;

  /** The token's own end: from then on the row may be deleted. */
  @TimeColumn({ name: 'expires_at' })
  expiresAt!: Date;
}
