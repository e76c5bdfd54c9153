import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../clock/clock';
import { ServiceUnavailable } from '../error/refusal';
import { Log } from '../log/log';
import { ClockSkew } from './clock-skew';
import type { Transaction } from './transaction';
import { TransactionRunner } from './transaction-runner';

const everyMilliseconds = 2_000;

/** The database's time is that of some moment of the round trip: a long one tells too little. */
const longestRoundTripMilliseconds = 1_000;

/** Compares this machine's clock with the database's, before the service is listening and every 2 s from then on. */
@Injectable()
export class ClockWatch implements OnModuleInit, OnModuleDestroy {
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly transactions: TransactionRunner,
    private readonly clock: Clock,
    private readonly skew: ClockSkew,
    private readonly log: Log,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.measure();
    this.timer = setInterval(() => void this.measure(), everyMilliseconds).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** Without an answer of the database the last measure stands. */
  async measure(): Promise<void> {
    try {
      const milliseconds = await this.transactions.runDespiteSkew((transaction) => this.offset(transaction));
      if (milliseconds !== undefined) this.skew.record(milliseconds);
    } catch (error) {
      // A database that is out of reach is found and logged by those who need it.
      if (!(error instanceof ServiceUnavailable)) this.log.trouble('clocks cannot be compared', error);
    }
  }

  /** @returns milliseconds by which this machine is ahead; undefined if the answer took too long to tell */
  private async offset(transaction: Transaction): Promise<number | undefined> {
    // SQLite has no clock but this machine's.
    if (!transaction.isOnServer) return 0;
    const askedAt = this.clock.machineNow().getTime();
    const start = this.clock.monotonicMilliseconds();
    const { rows } = await transaction.execute<{ microseconds: string }>(
      "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) AS microseconds",
      [],
    );
    const roundTrip = this.clock.monotonicMilliseconds() - start;
    if (roundTrip > longestRoundTripMilliseconds) return undefined;
    return askedAt + roundTrip / 2 - Number(rows[0]?.microseconds) / 1_000;
  }
}
