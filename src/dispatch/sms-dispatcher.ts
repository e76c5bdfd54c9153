import { setImmediate } from 'node:timers/promises';
import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Log } from '../log/log';
import type { LiveCode } from '../otp/live-code';
import { OtpTexts } from '../otp/otp-texts';
import { SmsPlaces } from '../sms/sms-places';
import { priority } from '../sms/sms-priority';
import { SmsQueue, type ClaimedSms } from '../sms/sms-queue';
import { SmsRouter } from '../sms/sms-router';
import { SmsSignal } from '../sms/sms-signal';
import { SmsNotTaken } from '../sms/sms-transport';
import { Wording } from '../sms/wording';
import { DispatchSettings } from './dispatch-settings';

const pollMilliseconds = 1_000;

/**
 * Sends what is in the outbox: after each commit that adds a text, and once a second. It takes only as many texts as it
 * can send at once, so that no lease ends while a text waits. No database connection is held while a provider is busy.
 * A dispatcher that dies leaves its texts to the others when their leases end.
 */
@Injectable()
export class SmsDispatcher implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private poll?: NodeJS.Timeout;
  private running?: Promise<void>;
  private readonly inFlight = new Set<Promise<void>>();
  private wokenAgain = false;
  private stopped = false;
  private readonly places: SmsPlaces;

  constructor(
    private readonly queue: SmsQueue,
    private readonly router: SmsRouter,
    private readonly codes: OtpTexts,
    private readonly wording: Wording,
    private readonly signal: SmsSignal,
    private readonly log: Log,
    { inFlight }: DispatchSettings,
  ) {
    this.places = SmsPlaces.of(inFlight);
  }

  onApplicationBootstrap(): void {
    this.signal.on('due', () => this.wake());
    this.poll = setInterval(() => this.wake(), pollMilliseconds).unref();
    this.wake();
  }

  /** Resolves when the texts under way are done; transports close after this, on `onApplicationShutdown`. */
  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.poll);
    this.stopped = true;
    await this.running;
    await Promise.all(this.inFlight);
  }

  /** Looks into the outbox now, or once more after the look under way; a full dispatcher looks when it has room. */
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
        // All texts that are done by now give back their places first, and one claim fills them.
        await setImmediate();
        this.wokenAgain = false;
        const { claimed, found } = await this.queue.claim(this.places);
        if (found > 0) this.wokenAgain = true;
        this.start(claimed);
      }
    } catch (error) {
      this.log.trouble('texts cannot be dispatched, trying again', error);
    }
  }

  private get hasRoom(): boolean {
    return !this.stopped && this.places.free > 0;
  }

  private start(messages: ClaimedSms[]): void {
    if (messages.length === 0) return;
    const codes = this.codes.liveCodesFor(messages);
    for (const message of messages) {
      this.places.take(message.priority);
      const delivery = codes
        .then((live) => this.deliver(message, live.get(message.challengeId)))
        .catch((error: unknown) => this.log.trouble('a text could not be handled', error, { messageId: message.id }))
        .then(() => {
          this.inFlight.delete(delivery);
          this.leave(message);
        });
      this.inFlight.add(delivery);
    }
  }

  /** Looks again if texts may have waited for the place. */
  private leave({ priority: its }: ClaimedSms): void {
    const isAwaited = this.wokenAgain || !this.places.has(priority.last);
    this.places.giveBack(its);
    if (isAwaited) this.wake();
  }

  private async deliver(message: ClaimedSms, live: LiveCode | undefined): Promise<void> {
    const { id, phoneNumber: to, template, locale, transport } = message;
    if (live === undefined) return this.queue.recordExpired(message);
    const { code, ttlSeconds } = live;
    const text = this.wording.text(template, locale, code);
    try {
      const providerId = await this.router.transport(transport)!.send({ id, to, text, ttlSeconds });
      await this.queue.recordSent(message, providerId);
    } catch (error) {
      if (!(error instanceof SmsNotTaken)) throw error;
      this.log.trouble('a transport did not take a text', error, {
        messageId: id,
        transport,
        attempt: message.attempts,
        reason: error.reason,
      });
      await this.queue.recordNotTaken(message, error, ttlSeconds);
      this.wake();
    }
  }
}
