import { Inject, Injectable } from '@nestjs/common';
import type { Database } from 'better-sqlite3';
import type { PoolConnection } from 'mysql2';
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource, type QueryRunner } from 'typeorm';
import { Refusal, ServiceUnavailable } from '../error/refusal';
import { ClocksApart, ClockSkew } from './clock-skew';
import { DatabaseUnavailable, isOutOfService, isPassing, isRolledBack, spoilsConnection } from './database-fault';
import { RollBack, Transaction } from './transaction';

/** A caller hears within 2 s that the database does not answer; this leaves time for the reply. */
const deadlineMilliseconds = 1_800;

const retries = 3;
/** Before the first retry, doubled before each further one; half of it is random. */
const firstPauseMilliseconds = 20;

type Work<T> = (transaction: Transaction) => Promise<T>;

/** Returns the result of work that is committed, or throws its refusal. */
type Outcome<T> = () => T;

/** Of one run, over all its attempts. */
interface Deadline {
  isOver: boolean;
  /** Gives up what the attempt under way holds or waits for. */
  giveUp: () => void;
}

/** Runs work in one transaction: committed as a whole before the caller gets its result or a refusal, or not at all. */
@Injectable()
export class TransactionRunner {
  constructor(
    private readonly dataSource: DataSource,
    @Inject(ClockSkew) private readonly skew: Pick<ClockSkew, 'isTooLarge'> = { isTooLarge: false },
  ) {}

  /**
   * `work` may run again after a deadlock, a lock wait or a lost connection, at most 3 times: it must have no effect
   * but through its transaction, and no network call. A `Refusal` that it throws is an outcome like a result: what was
   * written before it is committed first. `Transaction.rollingBack` holds one that undoes it; any other error does so, too.
   * @returns what `work` returns, after the commit
   * @throws ServiceUnavailable if the database is out of reach, too slow, or cannot write. If it failed at the commit,
   *   the work may have been done nevertheless. Also while clocks are apart, for reads too, as ends of sessions and
   *   codes are judged by this machine's clock
   */
  async run<T>(work: Work<T>): Promise<T> {
    if (this.skew.isTooLarge) throw new ServiceUnavailable(new ClocksApart());
    return this.runDespiteSkew(work);
  }

  /**
   * As `run`, for work that only reads and locks nothing: at READ COMMITTED each statement sees what is committed as it
   * begins, in a transaction or not, so that a server is spared `START TRANSACTION` and `COMMIT`. On SQLite it is `run`.
   */
  read<T>(work: Work<T>): Promise<T> {
    if (this.skew.isTooLarge) return Promise.reject(new ServiceUnavailable(new ClocksApart()));
    return this.within(work, this.dataSource.options.type === 'better-sqlite3');
  }

  /** Only for what does not depend on the time of day; else as `run`. */
  runDespiteSkew<T>(work: Work<T>): Promise<T> {
    return this.within(work, true);
  }

  /** @param isOne whether the work is one transaction; else each of its statements stands alone */
  private async within<T>(work: Work<T>, isOne: boolean): Promise<T> {
    const deadline: Deadline = { isOver: false, giveUp: () => {} };
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        deadline.isOver = true;
        deadline.giveUp();
        reject(new DatabaseUnavailable(`no commit within ${deadlineMilliseconds} ms`));
      }, deadlineMilliseconds);
    });
    try {
      const tell = await Promise.race([this.attempts(work, isOne, deadline), late]);
      return tell();
    } catch (error) {
      if (error instanceof RollBack) throw error.refusal;
      throw isOutOfService(error) ? new ServiceUnavailable(error) : error;
    } finally {
      clearTimeout(timer);
    }
  }

  private async attempts<T>(work: Work<T>, isOne: boolean, deadline: Deadline): Promise<Outcome<T>> {
    for (let tried = 0; ; tried++) {
      try {
        return await this.attempt(work, isOne, deadline);
      } catch (error) {
        if (tried === retries || !isPassing(error)) throw error;
      }
      const pause = firstPauseMilliseconds * 2 ** tried;
      await sleep(randomInt(pause / 2, pause));
      if (deadline.isOver) throw new DatabaseUnavailable('the deadline is over');
    }
  }

  private async attempt<T>(work: Work<T>, isOne: boolean, deadline: Deadline): Promise<Outcome<T>> {
    // The driver's, as TypeORM's own makes an entity manager each time.
    const runner = this.dataSource.driver.createQueryRunner('master');
    let connection: PoolConnection | Database | undefined;
    // What the server made of the last statement is unknown then: its connection must not be used again.
    deadline.giveUp = () => {
      destroy(connection);
      void runner.release();
    };
    let commits = false;
    try {
      connection = (await runner.connect()) as PoolConnection | Database;
      if (isOne) await runner.startTransaction();
      const transaction = new Transaction(runner, connection);
      const tell = await outcomeOf(work, transaction);
      commits = isOne;
      if (isOne) await transaction.commit();
      return tell;
    } catch (error) {
      await undo(runner, connection, error);
      throw commits && isOutOfService(error) && !isRolledBack(error) ? new ServiceUnavailable(error) : error;
    } finally {
      await runner.release();
    }
  }
}

async function outcomeOf<T>(work: Work<T>, transaction: Transaction): Promise<Outcome<T>> {
  try {
    const result = await work(transaction);
    return () => result;
  } catch (error) {
    // Without what the service depends on, nothing is decided.
    if (!(error instanceof Refusal) || error instanceof ServiceUnavailable) throw error;
    return () => {
      throw error;
    };
  }
}

/** A rollback that fails has lost its connection, and with it the transaction: the first error is the one to report. */
async function undo(runner: QueryRunner, connection: PoolConnection | Database | undefined, error: unknown) {
  if (spoilsConnection(error)) destroy(connection);
  else if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => destroy(connection));
}

function destroy(connection: PoolConnection | Database | undefined): void {
  if (connection !== undefined && 'destroy' in connection) connection.destroy();
}
