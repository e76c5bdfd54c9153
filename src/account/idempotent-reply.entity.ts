import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { ascii } from '../transaction/ascii';

/** What a request with an `Idempotency-Key` was answered with, committed together with what it did. */
@Entity('idempotent_reply')
@Index('ix_idempotent_reply_created_at', ['createdAt'])
export class IdempotentReply {
  /** Keyed hash of the key, the route, and the number or account that it came with: 64 hex digits. */
  @PrimaryColumn('varchar', { ...ascii, name: 'key_hash', length: 64 })
  keyHash!: string;

  /** Keyed hash of all that and the rest of the request. */
  @Column('varchar', { ...ascii, name: 'body_hash', length: 64 })
  bodyHash!: string;

  /** JSON; holds no number, no code and no token. */
  @Column('varchar', { ...ascii, name: 'reply', length: 200 })
  reply!: string;

  @Column('datetime', { name: 'created_at', precision: 6 })
  createdAt!: Date;
}
