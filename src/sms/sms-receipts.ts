import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { ExponentialBackoff, handleWhenResult, retry } from 'cockatiel';
import { NotFound, ReceiptNotAuthentic } from '../error/refusal';
import { Log } from '../log/log';
import { SmsQueue } from './sms-queue';
import type { ReceiptRequest, SmsReceipt } from './sms-receipt';
import { SmsSignal } from './sms-signal';
import { SmsTransports } from './transports';

/** What providers tell of texts they took, over HTTP or over a connection that a transport keeps. */
@Injectable()
export class SmsReceipts implements OnApplicationBootstrap, OnApplicationShutdown {
  /** A receipt may be here before the transaction that records what it is about. */
  private readonly untilKnown = retry(
    handleWhenResult((known) => known === false),
    { maxAttempts: 5, backoff: new ExponentialBackoff({ initialDelay: 100, maxDelay: 800 }) },
  );

  constructor(
    private readonly transports: SmsTransports,
    private readonly queue: SmsQueue,
    private readonly signal: SmsSignal,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    for (const transport of this.transports.all) {
      transport.open?.(async (receipt) => void (await this.record(transport.name, receipt)));
    }
  }

  /** After the dispatcher, which stops before the application does. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.transports.all.map(async (it) => it.close?.()));
  }

  /**
   * @throws NotFound for a transport that is not in use or has no receipts, and where none of the texts is known;
   * ReceiptNotAuthentic, MalformedBody
   */
  async take(name: string, request: ReceiptRequest): Promise<object> {
    const transport = this.transports.all.find((it) => it.name === name);
    if (transport?.readReceipts === undefined) throw new NotFound();
    const receipts = await transport.readReceipts(request);
    if (receipts === undefined) throw new ReceiptNotAuthentic();
    const known = await Promise.all(receipts.map((receipt) => this.record(transport.name, receipt)));
    if (!known.includes(true)) throw new NotFound();
    return {};
  }

  private async record(transport: string, receipt: SmsReceipt): Promise<boolean> {
    const known = await this.untilKnown.execute(() => this.queue.recordReceipt(transport, receipt));
    if (!known) this.log.event('receipt for no text', { transport });
    if (receipt.outcome === 'failed') this.signal.emit('due');
    return known;
  }
}
