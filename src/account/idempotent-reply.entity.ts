import { Entity, Index } from 'typeorm';
import { AsciiColumn, TimeColumn } from '../transaction/column.decorator';

/** What a request with an `Idempotency-Key` was answered with, committed together with what it did. */
@Entity('idempotent_reply')
@Index('ix_idempotent_reply_created_at', ['createdAt'])
export class IdempotentReply {
  /** Keyed hash of the key, the route, and the number or account that it came with: 64 hex digits. */
  @AsciiColumn({ name: 'key_hash', length: 64, primary: true })
  keyHash!: string;

  /** Keyed hash of all that and the rest of the request. */
  @AsciiColumn({ name: 'body_hash', length: 64 })
  bodyHash!: string;

  /** JSON; holds no number, no code and no token. */
  @AsciiColumn({ name: 'reply', length: 200 })
  reply!: string;

  @TimeColumn({ name: 'created_at' })
  createdAt!: Date;
}
