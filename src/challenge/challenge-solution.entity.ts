import { Entity, Index } from 'typeorm';
import { AsciiColumn, TimeColumn } from '../transaction/column.decorator';

/** A solved challenge that was used: the primary key lets each one be used once, over all nodes. */
@Entity('challenge_solution')
@Index('ix_challenge_solution_expires_at', ['expiresAt'])
export class ChallengeSolution {
  /** `VerifiedChallenge.id`: 64 hex digits. */
  @AsciiColumn({ name: 'id', length: 64, primary: true })
  id!: string;

  /** From then on the challenge itself is refused, and a while later the row may be deleted. */
  @TimeColumn({ name: 'expires_at' })
  expiresAt!: Date;
}
