import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Log } from '../log/log';
import type { OtpSource } from './otp-source';
import { SmsQueue, type ClaimedSms } from './sms-queue';
import { SmsRouter } from './sms-router';
import { SmsNotTaken } from './sms-transport';
import { Wording } from './wording';

const pollMilliseconds = 1_000;
/** Texts that providers may be busy with at a time. */
const mostInFlight = 100;

/**
 * Milliseconds that a text waits for the one before it. Only what a provider has taken and nobody has written down can go
 * out twice after a crash: one text, unless a provider takes longer than this, which then holds up nobody.
 */
export const SMS_HANDOVER = Symbol('SMS_HANDOVER');

/**
 * Sends what is in the outbox, woken after each commit and looking for itself once a second. No database connection
 * is held while a provider has its time. A dispatcher that dies leaves its texts to the others when their lease ends.
 */
@Injectable()
export class SmsDispatcher implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private source?: OtpSource;
  private poll?: NodeJS.Timeout;
  private running?: Promise<void>;
  private readonly inFlight = new Set<Promise<void>>();
  private wokenAgain = false;
  private stopped = false;

  constructor(
    private readonly queue: SmsQueue,
    private readonly router: SmsRouter,
    private readonly wording: Wording,
    private readonly log: Log,
    @Inject(SMS_HANDOVER) private readonly handoverMilliseconds: number,
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
    await Promise.all(this.inFlight);
  }

  wake(): void {
    if (this.stopped) return;
    this.wokenAgain = true;
    this.running ??= this.work().finally(() => {
      this.running = undefined;
      if (this.wokenAgain && this.hasRoom) this.wake();
    });
  }

  /** Resolves when nothing is due any more, and nothing is on its way. */
  async idle(): Promise<void> {
    this.wake();
    while (this.running ?? this.inFlight.size > 0) await (this.running ?? Promise.race(this.inFlight));
  }

  private async work(): Promise<void> {
    try {
      while (this.wokenAgain && this.hasRoom) {
        this.wokenAgain = false;
        const message = await this.queue.claim();
        if (message !== undefined) this.wokenAgain = true;
        if (typeof message === 'object') await this.handOver(message);
      }
    } catch (error) {
      this.log.trouble('texts cannot be dispatched, trying again', error);
    }
  }

  private get hasRoom(): boolean {
    return !this.stopped && this.inFlight.size < mostInFlight;
  }

  /** Resolves when the text is dealt with, or when the next one need not wait for that any longer. */
  private async handOver(message: ClaimedSms): Promise<void> {
    const delivery = this.deliver(message)
      .catch((error: unknown) => this.log.trouble('a text could not be handled', error, { messageId: message.id }))
      .then(() => {
        this.inFlight.delete(delivery);
        // Somebody may have waited for the place.
        if (this.wokenAgain) this.wake();
      });
    this.inFlight.add(delivery);
    let patience: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => (patience = setTimeout(resolve, this.handoverMilliseconds)));
    await Promise.race([delivery, enough]);
    clearTimeout(patience);
  }

  private async deliver(message: ClaimedSms): Promise<void> {
    const { id, phoneNumber: to, template, locale, transport } = message;
    const live = await this.source?.liveCodeFor(message);
    if (live === undefined) return this.queue.recordExpired(message);
    const text = this.wording.text(template, locale, live.code);
    try {
      const providerId = await this.router.carrier(transport)!.send({ id, to, text, ttlSeconds: live.ttlSeconds });
      await this.queue.recordSent(message, providerId);
    } catch (error) {
      if (!(error instanceof SmsNotTaken)) throw error;
      this.log.trouble('a transport did not take a text', error, {
        messageId: id,
        transport,
        attempt: message.attempts,
        reason: error.reason,
      });
      await this.queue.recordNotTaken(message, error);
      this.wake();
    }
  }
}
