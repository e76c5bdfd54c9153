import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { In, LessThanOrEqual } from 'typeorm';
import { addSeconds, Clock } from '../clock/clock';
import { Log } from '../log/log';
import { Transactions } from '../transaction/transactions';
import type { OtpSource } from './otp-source';
import { SmsMessage, type SmsState } from './sms-message.entity';
import { SMS_TRANSPORTS, type Sms, type SmsTransport } from './sms-transport';
import { wordOtp } from './wording';

const pollMilliseconds = 1_000;
const batchSize = 20;
/** How long a dispatcher may keep a text before another one takes it over. */
const leaseSeconds = 10;
const mostAttempts = 6;

/**
 * Sends what is in the outbox, woken after each commit and looking for itself once a second. A text is claimed by a
 * guarded update, so that of many dispatchers one sends it; a dispatcher that dies leaves it to the others.
 */
@Injectable()
export class SmsDispatcher implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private source?: OtpSource;
  private poll?: NodeJS.Timeout;
  private running?: Promise<void>;
  private wokenAgain = false;
  private stopped = false;

  constructor(
    private readonly transactions: Transactions,
    @Inject(SMS_TRANSPORTS) private readonly transports: readonly SmsTransport[],
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** Codes are made above this room: whoever makes them says here how to ask for one. */
  takeCodesFrom(source: OtpSource): void {
    this.source = source;
  }

  onApplicationBootstrap(): void {
    this.poll = setInterval(() => this.wake(), pollMilliseconds).unref();
    this.wake();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.poll);
    this.stopped = true;
    await this.running;
  }

  wake(): void {
    if (this.stopped) return;
    this.wokenAgain = true;
    this.running ??= this.work().finally(() => {
      this.running = undefined;
      if (this.wokenAgain) this.wake();
    });
  }

  /** Resolves when nothing is due any more. */
  async idle(): Promise<void> {
    this.wake();
    while (this.running) await this.running;
  }

  private async work(): Promise<void> {
    try {
      while (this.wokenAgain && !this.stopped) {
        this.wokenAgain = false;
        const due = await this.due();
        const ends = await Promise.allSettled(due.map((message) => this.deliver(message)));
        for (const end of ends)
          if (end.status === 'rejected') this.log.trouble('a text could not be handled', end.reason);
        if (due.length === batchSize) this.wokenAgain = true;
      }
    } catch (error) {
      this.log.trouble('texts cannot be dispatched, trying again', error);
    }
  }

  private due(): Promise<SmsMessage[]> {
    return this.transactions.run(({ manager }) =>
      manager.find(SmsMessage, {
        where: { state: In<SmsState>(['queued', 'sending']), nextTryAt: LessThanOrEqual(this.clock.now()) },
        order: { nextTryAt: 'ASC' },
        take: batchSize,
      }),
    );
  }

  private async deliver(message: SmsMessage): Promise<void> {
    if (!(await this.claim(message))) return;
    const code = await this.source?.liveCodeFor(message);
    if (code === undefined) return this.finish(message, { state: 'expired', reason: 'code_not_live' });
    const text = wordOtp(message.locale, code);
    const transport = await this.send({ id: message.id, to: message.phoneNumber, text }, message.attempts);
    if (transport !== undefined) return this.finish(message, { state: 'sent', transport });
    if (message.attempts >= mostAttempts) return this.finish(message, { state: 'failed', reason: 'transports_failed' });
    await this.transactions.run(({ manager }) =>
      manager.update(
        SmsMessage,
        { id: message.id, attempts: message.attempts },
        { state: 'queued', nextTryAt: addSeconds(this.clock.now(), 2 ** message.attempts) },
      ),
    );
  }

  /** The count of attempts is the guard: whoever raised it from what was read has the text, and nobody else. */
  private async claim(message: SmsMessage): Promise<boolean> {
    const { affected } = await this.transactions.run(({ manager }) =>
      manager.update(
        SmsMessage,
        { id: message.id, attempts: message.attempts, state: message.state },
        {
          state: 'sending',
          attempts: message.attempts + 1,
          nextTryAt: addSeconds(this.clock.now(), leaseSeconds),
        },
      ),
    );
    message.attempts += 1;
    return affected === 1;
  }

  /** @returns the name of the first transport that took the text, or undefined if none did */
  private async send(sms: Sms, attempt: number): Promise<string | undefined> {
    for (const transport of this.transports) {
      try {
        await transport.send(sms);
        return transport.name;
      } catch (error) {
        this.log.trouble('a transport did not take a text', error, {
          messageId: sms.id,
          transport: transport.name,
          attempt,
        });
      }
    }
    return undefined;
  }

  private async finish(
    message: SmsMessage,
    end: { state: SmsState; transport?: string; reason?: string },
  ): Promise<void> {
    await this.transactions.run(({ manager }) =>
      manager.update(
        SmsMessage,
        { id: message.id, attempts: message.attempts },
        { ...end, finishedAt: this.clock.now() },
      ),
    );
    this.log.event('text handled', { messageId: message.id, attempt: message.attempts, ...pick(end) });
  }
}

function pick({ transport, reason, state }: { state: SmsState; transport?: string; reason?: string }) {
  return { transport, reason: reason ?? state };
}
