import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS, type Settings } from '../config/settings';

/** How long sessions live, and how many an account has. */
@Injectable()
export class SessionPolicy {
  /** Without being used. */
  readonly idleSeconds: number;
  /** However much it is used. */
  readonly maxSeconds: number;
  /** Sessions that an account can have; the oldest makes room. */
  readonly maxSessions = 10;

  constructor(@Inject(SETTINGS) { refreshTokenIdleSeconds, refreshTokenMaxSeconds }: Settings) {
    this.idleSeconds = refreshTokenIdleSeconds;
    this.maxSeconds = refreshTokenMaxSeconds;
  }
}
