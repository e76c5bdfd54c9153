import type { SmsTransportName } from './sms-provider-settings';
import type { ReceiptRequest, SmsReceipt } from './sms-receipt';

export interface Sms {
  /** The same at every try, for providers that drop doubles. */
  id: string;
  /** E.164. */
  to: string;
  text: string;
  /** Whole seconds, 1 or more, that the code in the text still lives: afterwards the text is of no use. */
  ttlSeconds: number;
}

/**
 * A provider of texts, or another way to send them. A new one is a file in `transport/`, its variables beside it, a line in
 * `sms-provider-settings.ts`, and one in `transports.ts`.
 */
export interface SmsTransport {
  readonly name: SmsTransportName;
  /**
   * Resolves when the text was taken over, with the provider's own id of it where it gives one.
   * @param signal aborted when the answer is no longer waited for
   * @throws SmsNotTaken
   */
  send(sms: Sms, signal: AbortSignal): Promise<string | void>;
  /**
   * What became of texts, as the provider tells it over HTTP; absent where it does not.
   * @returns undefined for what does not prove to come from the provider
   * @throws MalformedBody for what cannot be understood
   */
  readReceipts?(request: ReceiptRequest): Promise<SmsReceipt[] | undefined>;
  /** Begins to keep a connection; what the provider tells over it goes to `report`. */
  open?(report: (receipt: SmsReceipt) => Promise<void>): void;
  /** Ends the connection. */
  close?(): Promise<void>;
}

/**
 * A text was not taken. The reason is one word of ours, with the provider's own code behind it if that looks like
 * one: it is logged and kept, so nothing else of what a provider says goes in.
 */
export class SmsNotTaken extends Error {
  readonly reason: string;
  /** How long the provider asks to wait; 0 if it does not say. */
  readonly retryAfterSeconds: number;

  private constructor(
    readonly kind: SmsFaultKind,
    word: string,
    { providerCode, retryAfterSeconds = 0, cause }: SmsNotTakenDetails = {},
  ) {
    super(reasonOf(word, providerCode), { cause });
    this.reason = this.message;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  override get name(): string {
    return 'SmsNotTaken';
  }

  /**
   * The provider will not take this text: its number does not exist or wants no texts, its country or network is not
   * served, or its content is not allowed.
   */
  static refused(providerCode?: string | number): SmsNotTaken {
    return new SmsNotTaken('refused', 'refused', { providerCode });
  }

  /** @param retryAfterSeconds how long the provider asks to wait, if it says so */
  static throttled(retryAfterSeconds?: number, providerCode?: string | number): SmsNotTaken {
    return new SmsNotTaken('throttled', 'throttled', { retryAfterSeconds, providerCode });
  }

  /** The provider, the way to it, or the account there is out of order: no other text would be taken either. */
  static passing(word: PassingTrouble, details?: SmsNotTakenDetails): SmsNotTaken {
    return new SmsNotTaken('passing', word, details);
  }

  /** It is not known whether the fault is about this number or about the provider. */
  static unclear(word: 'unclear' | 'unintelligible', providerCode?: string | number): SmsNotTaken {
    return new SmsNotTaken('unclear', word, { providerCode });
  }
}

/**
 * - `refused`: about this text. Final: this transport is not tried again with it, and the transport does not rest.
 * - `throttled`: too many texts, for this number or for the account.
 * - `passing`: about the provider or the account. Several numbers that fail so in a row make the transport rest.
 * - `unclear`: any other answer. Other transports and later tries may do better, and the transport does not rest.
 */
export type SmsFaultKind = 'refused' | 'throttled' | 'passing' | 'unclear';

export type PassingTrouble =
  | 'unreachable'
  | 'timed_out'
  | 'out_of_order'
  /** Credentials or credit: the operator must act. */
  | 'account_refused'
  /** The transport rests: not even tried. */
  | 'resting';

interface SmsNotTakenDetails {
  providerCode?: string | number;
  retryAfterSeconds?: number;
  cause?: unknown;
}

/** A provider's code is a number of at most five digits or a word; six digits in a row might be somebody's code. */
export function reasonOf(word: string, providerCode: string | number = ''): string {
  const code = String(providerCode);
  return /^[\w.-]{1,40}$/.test(code) && !/\d{6}/.test(code) ? `${word}:${code}` : word;
}
