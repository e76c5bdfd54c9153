import { Injectable } from '@nestjs/common';
import { SessionSettings } from './session-settings';

/** How long sessions live, and how many an account has. */
@Injectable()
export class SessionPolicy {
  /** Without being used. */
  readonly idleSeconds: number;
  /** However much it is used. */
  readonly maxSeconds: number;
  /** Sessions that an account can have; the oldest makes room. */
  readonly maxSessions = 10;

  constructor({ refreshTokenIdleSeconds, refreshTokenMaxSeconds }: SessionSettings) {
    this.idleSeconds = refreshTokenIdleSeconds;
    this.maxSeconds = refreshTokenMaxSeconds;
  }
}
