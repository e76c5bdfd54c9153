import { Injectable } from '@nestjs/common';
import { ExponentialBackoff, handleWhen, retry, TaskCancelledError, timeout, TimeoutStrategy, wrap } from 'cockatiel';
import { DataSource } from 'typeorm';
import { ServiceUnavailable } from '../error/refusal';
import { isOutOfService, isPassing } from './database-fault';
import { Transaction } from './transaction';

/** A caller hears within 2 s that the database does not answer; this leaves time for the reply. */
const deadlineMilliseconds = 1_800;

/** Runs work in one transaction: committed as a whole before the caller gets its result, or not at all. */
@Injectable()
export class Transactions {
  private readonly policy = wrap(
    timeout(deadlineMilliseconds, { strategy: TimeoutStrategy.Aggressive, abortOnReturn: false }),
    retry(handleWhen(isPassing), {
      maxAttempts: 3,
      backoff: new ExponentialBackoff({ initialDelay: 10, maxDelay: 200 }),
    }),
  );

  constructor(private readonly dataSource: DataSource) {}

  /**
   * `work` may run again after a deadlock or a lock wait, at most 3 times: it must have no effect but through its
   * transaction, and no network call.
   * @throws ServiceUnavailable if the database is out of reach, too slow, or cannot write
   */
  async run<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    try {
      return await this.policy.execute(({ signal }) => this.attempt(work, signal));
    } catch (error) {
      if (error instanceof TaskCancelledError || isOutOfService(error)) throw new ServiceUnavailable(error);
      throw error;
    }
  }

  private async attempt<T>(work: (transaction: Transaction) => Promise<T>, signal: AbortSignal): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    try {
      const connection = (await runner.connect()) as { destroy?: () => void };
      signal.throwIfAborted();
      // Past the deadline nobody knows what the server made of the last statement: the connection is given up.
      signal.addEventListener('abort', () => connection.destroy?.(), { once: true });
      await runner.startTransaction();
      signal.throwIfAborted();
      const transaction = new Transaction(runner);
      const result = await work(transaction);
      await transaction.commit();
      return result;
    } catch (error) {
      // A rollback that fails has lost its connection, and with it the transaction: the first error is the one to tell.
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      throw error;
    } finally {
      await runner.release();
    }
  }
}
