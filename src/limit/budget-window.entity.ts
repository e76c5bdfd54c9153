import { Column, Entity, PrimaryColumn } from 'typeorm';
import { AsciiColumn } from '../transaction/column.decorator';

/** What was spent of a budget in one hour. The sum over hours and shards is what counts. */
@Entity('budget_window')
export class BudgetWindow {
  /** `texts` or `money`, with a country after a colon: `texts:TZ`. */
  @AsciiColumn({ name: 'budget', length: 16, primary: true })
  budget!: string;

  /** Hours since 1970. Hour 0 has no amount: who locks its row decides alone about the last of the budget. */
  @PrimaryColumn('int', { name: 'hour_number' })
  hourNumber!: number;

  /** Numbers are spread over 16 rows, so that their requests do not wait for each other. */
  @PrimaryColumn('int', { name: 'shard' })
  shard!: number;

  /** Texts, or money in millionths of its unit. */
  @Column('bigint', { name: 'amount' })
  amount!: number;
}
