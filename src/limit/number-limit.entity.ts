import { Column, Entity, Index } from 'typeorm';
import { AsciiColumn, TimeColumn } from '../transaction/column.decorator';

/** What the limits of a phone number count. It knows the number by a keyed hash alone, and outlives its account. */
@Entity('number_limit')
@Index('ix_number_limit_updated_at', ['updatedAt'])
export class NumberLimit {
  /** 32 hex digits: HMAC-SHA-256 (RFC 2104) of the number, cut to 128 bits. */
  @AsciiColumn({ name: 'number_hash', length: 32, primary: true })
  numberHash!: string;

  /** `NumberHistory` as JSON. */
  @Column('text', { name: 'history' })
  history!: string;

  /** After 30 days nothing in it counts. */
  @TimeColumn({ name: 'updated_at' })
  updatedAt!: Date;
}
