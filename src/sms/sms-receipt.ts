import type { IncomingHttpHeaders } from 'node:http';

/** What became of a text that a provider took over. */
export interface SmsReceipt {
  /** Our id of the text, where the provider hands it back; else its own. */
  messageId?: string;
  providerId?: string;
  /** `pending`: on its way, which is not written down. */
  outcome: 'delivered' | 'failed' | 'pending';
  /** The provider's code of a failure. */
  providerCode?: string | number;
}

/** A provider's call. */
export interface ReceiptRequest {
  /** As the provider called it: with the query, from the public URL on. */
  url: string;
  /** Texts, and lists of texts where a name comes more than once. */
  query: Readonly<Record<string, unknown>>;
  headers: IncomingHttpHeaders;
  /** Empty where the call has none. */
  bytes: Buffer;
  /** Of the body, in small letters and without parameters; absent where the call does not say. */
  mediaType?: string;
  /**
   * The fields of a form or of a JSON dictionary.
   * @throws UnsupportedMediaType, MalformedBody, InvalidFields
   */
  fields(): Promise<Record<string, unknown>>;
}

/**
 * Reads a field of a call. Anybody may call, and JSON, a repeated name or header may hold anything in the place of a text:
 * `String()` and `Number()` would run what the caller calls `toString`.
 *
 * @returns undefined where the field is absent or is no text
 */
export function textIn(fields: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' ? value : undefined;
}

/** Names and values, by name. */
export type TextFields = readonly (readonly [name: string, value: string])[];

/** @returns undefined if a value is no text, as no provider signs any other */
export function sortedTexts(fields: Readonly<Record<string, unknown>>): TextFields | undefined {
  const sorted = Object.keys(fields)
    .sort()
    .map((name) => [name, textIn(fields, name)] as const);
  return sorted.every((field): field is [string, string] => field[1] !== undefined) ? sorted : undefined;
}

/** @returns `pending` for a word that is not in the provider's documentation, `constructor` included */
export function outcomeOf(outcomes: Readonly<Record<string, SmsReceipt['outcome']>>, word: string) {
  return Object.hasOwn(outcomes, word) ? outcomes[word]! : 'pending';
}
