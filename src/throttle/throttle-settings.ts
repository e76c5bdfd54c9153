import { wholeNumber, type Values } from '../variable/variable-kinds';

export const throttleVariables = {
  THROTTLE_LIMIT: wholeNumber(0, 1_000_000).default(100),
  THROTTLE_TTL_SECONDS: wholeNumber(1, 86_400).default(60),
};

/** How often a client address may call. */
export class ThrottleSettings {
  /** Requests of one client address in `throttleTtlSeconds`; 0 for no limit. */
  readonly throttleLimit: number;
  readonly throttleTtlSeconds: number;

  constructor({ THROTTLE_LIMIT, THROTTLE_TTL_SECONDS }: Values<typeof throttleVariables>) {
    this.throttleLimit = THROTTLE_LIMIT;
    this.throttleTtlSeconds = THROTTLE_TTL_SECONDS;
  }
}
