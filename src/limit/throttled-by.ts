import { Throttled, throttleRules } from '../error/refusal';
import type { Finding } from './finding';

/** How long a caller is told to wait where the rule does not know. */
const usualSeconds = 60;

/** @returns the refusal that a finding stands for; problem details tell its rule */
export function throttledBy({ rule, retryAfterSeconds = usualSeconds }: Finding): Throttled {
  return new Throttled(
    retryAfterSeconds,
    throttleRules.find((it) => it === rule),
  );
}
