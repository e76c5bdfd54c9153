import { Injectable } from '@nestjs/common';
import { In, LessThanOrEqual } from 'typeorm';
import { addSeconds, Clock } from '../clock/clock';
import { TransactionRunner } from '../transaction/transaction-runner';
import { Budgets } from './budgets';
import { NumberLimit } from './number-limit.entity';

const batchSize = 500;
/** The longest window of a number: 30 days. */
const keptSeconds = 30 * 86_400;

/** Removes what no limit counts any more. */
@Injectable()
export class LimitRetention {
  constructor(
    private readonly transactions: TransactionRunner,
    private readonly budgets: Budgets,
    private readonly clock: Clock,
  ) {}

  /** In batches, so that no request waits long for a lock. */
  async removeExpired(): Promise<void> {
    await this.transactions.run((transaction) => this.budgets.removeExpired(transaction));
    for (let removed = batchSize; removed === batchSize;) removed = await this.removeNumbers();
  }

  private removeNumbers(): Promise<number> {
    return this.transactions.run(async ({ manager }) => {
      const where = { updatedAt: LessThanOrEqual(addSeconds(this.clock.now(), -keptSeconds)) };
      const expired = await manager.find(NumberLimit, { select: { numberHash: true }, where, take: batchSize });
      const numberHash = In(expired.map((it) => it.numberHash));
      // A number that was asked for meanwhile stays.
      if (expired.length > 0) await manager.delete(NumberLimit, { ...where, numberHash });
      return expired.length;
    });
  }
}
