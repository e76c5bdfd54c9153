/** Whether a request may go on: as it is, with a solved challenge, or not at all. */
export type Verdict = 'pass' | 'challenge' | 'refuse';

/** Whether a rule is looked at, only logged, or acted upon. */
export const modes = ['off', 'record', 'enforce'] as const;
export type Mode = (typeof modes)[number];

/** What one rule says about one request: for the service, and for an operator who asks why. */
export interface Finding {
  /** A fixed name such as `address_texts`: docs/limits.md has a row for each. */
  rule: string;
  /** How much was counted so far, without this request. */
  count: number;
  /** Where the verdict changes: the count that is too high, or, of sign-ins that follow texts, too low. */
  limit: number;
  verdict: Verdict;
  /** Whole seconds, 1 or more; only where waiting is certain to help. */
  retryAfterSeconds?: number;
  /** What would help, in a sentence. */
  help: string;
}

/** Whether a count is a share of a whole or more. Whole numbers, so that an edge is no matter of rounding. */
export const isShare = (count: number, whole: number, percent: number) => count * 100 >= whole * percent;
