import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Challenges } from '../challenge/challenges';
import { LimitRetention } from '../limit/limit-retention';
import { Log } from '../log/log';
import { PhoneChanges } from '../otp/phone-changes';
import { IdempotentReplies } from './idempotent-replies';
import { RecycledNumbers } from './recycled-numbers';

const intervalMilliseconds = 3_600_000;

/** Removes what is kept for a set time only, at the start and once an hour. Many nodes may do so side by side. */
@Injectable()
export class Retention implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer?: NodeJS.Timeout;
  private running?: Promise<void>;

  constructor(
    private readonly phoneChanges: PhoneChanges,
    private readonly replies: IdempotentReplies,
    private readonly challenges: Challenges,
    private readonly limits: LimitRetention,
    private readonly recycled: RecycledNumbers,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.begin(), intervalMilliseconds).unref();
    this.begin();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  async removeExpired(): Promise<void> {
    await this.phoneChanges.removeExpired();
    await this.replies.removeExpired();
    await this.challenges.removeExpired();
    await this.limits.removeExpired();
    await this.recycled.removeExpired();
  }

  private begin(): void {
    this.running = this.removeExpired().catch((error: unknown) =>
      this.log.trouble('expired rows cannot be removed, trying again in an hour', error),
    );
  }
}
