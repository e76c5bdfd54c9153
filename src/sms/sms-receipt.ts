import type { IncomingHttpHeaders } from 'node:http';

/** What became of a text that a provider took over. */
export interface SmsReceipt {
  /** Our id of the text, where the provider hands it back; else its own. */
  messageId?: string;
  providerId?: string;
  /** `pending`: on its way, which nobody needs to write down. */
  outcome: 'delivered' | 'failed' | 'pending';
  /** The provider's code of a failure. */
  providerCode?: string | number;
}

/** A provider's call. */
export interface ReceiptRequest {
  /** As the provider called it: with the query, from the public URL on. */
  url: string;
  query: Readonly<Record<string, string | undefined>>;
  headers: IncomingHttpHeaders;
  /** Empty where the call has none. */
  bytes: Buffer;
  /**
   * The fields of a form or of a JSON dictionary.
   * @throws UnsupportedMediaType, MalformedBody, InvalidFields
   */
  fields(): Promise<Record<string, unknown>>;
}
