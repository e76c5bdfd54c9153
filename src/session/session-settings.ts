import { wholeNumber, type Values } from '../variable/variable-kinds';

export const sessionVariables = {
  REFRESH_TOKEN_IDLE_SECONDS: wholeNumber(60, 31_536_000).default(2_592_000),
  REFRESH_TOKEN_MAX_SECONDS: wholeNumber(60, 31_536_000).default(7_776_000),
};

type SessionValues = Values<typeof sessionVariables>;

/** @returns a line if a session may be unused for longer than it may live */
export function sessionFaults(values: SessionValues): string[] {
  const idleOverMax = values.REFRESH_TOKEN_IDLE_SECONDS > values.REFRESH_TOKEN_MAX_SECONDS;
  return idleOverMax ? ['REFRESH_TOKEN_IDLE_SECONDS: is longer than REFRESH_TOKEN_MAX_SECONDS'] : [];
}

/** How long sessions live. */
export class SessionSettings {
  /** Without being used. */
  readonly refreshTokenIdleSeconds: number;
  /** However much it is used. */
  readonly refreshTokenMaxSeconds: number;

  constructor(values: SessionValues) {
    this.refreshTokenIdleSeconds = values.REFRESH_TOKEN_IDLE_SECONDS;
    this.refreshTokenMaxSeconds = values.REFRESH_TOKEN_MAX_SECONDS;
  }
}
