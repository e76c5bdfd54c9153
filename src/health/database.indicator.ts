import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorFunction } from '@nestjs/terminus';
import { ClockSkew } from '../transaction/clock-skew';
import type { Transaction } from '../transaction/transaction';
import { TransactionRunner } from '../transaction/transaction-runner';

/** `OFF` and `ON` on some servers, 0 and 1 on others. */
const isOn = (value: unknown) => value !== 'OFF' && Number(value) !== 0;

/** Whether the database takes writes, and whether its clock and this machine's agree. */
@Injectable()
export class DatabaseIndicator {
  /** For terminus: `database`, and `clock` while that is down. */
  readonly checks: HealthIndicatorFunction[] = [() => this.check(), () => this.clockCheck()];

  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly transactions: TransactionRunner,
    private readonly skew: ClockSkew,
  ) {}

  /** As requests use it: past its deadline a connection is given up, so that checks cannot use up the pool. */
  private async check() {
    const indicator = this.indicators.check('database');
    return this.transactions
      .runDespiteSkew((transaction) => takesWrites(transaction))
      .then(
        (writable) => (writable ? indicator.up() : indicator.down()),
        () => indicator.down(),
      );
  }

  /** Named only while it is down. */
  private async clockCheck() {
    return this.skew.isTooLarge ? this.indicators.check('clock').down() : {};
  }
}

/**
 * The update needs all that a write needs and matches no row, so nothing is written, and no log of the database grows.
 * The variables are looked at as well: a user with special privileges may write to a replica, but must not.
 * @throws what the database refuses the update with
 */
async function takesWrites(transaction: Transaction): Promise<boolean> {
  await transaction.execute("UPDATE session SET ip = ip WHERE id = ''", []);
  if (!transaction.isOnServer) return true;
  const { rows } = await transaction.execute<Record<'server' | 'engine', unknown>>(
    'SELECT @@global.read_only AS server, @@global.innodb_read_only AS engine',
    [],
  );
  return rows.every(({ server, engine }) => !isOn(server) && !isOn(engine));
}
