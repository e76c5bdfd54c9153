/** A code that can still be used, for the text that is about to be sent. */
export interface LiveCode {
  /** As it stands in the text. */
  code: string;
  /** Whole seconds, 1 or more. */
  ttlSeconds: number;
}
