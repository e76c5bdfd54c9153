import type { z } from 'zod';
import { SmsNotTaken } from '../sms-transport';

export interface ProviderCall {
  headers: Record<string, string>;
  body: string | URLSearchParams;
}

/** What a provider answered, unless it was throttled, out of order, or refused the account. */
export class ProviderReply {
  constructor(
    readonly status: number,
    readonly text: string,
  ) {}

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  /** @throws SmsNotTaken for what is not what the provider's documentation says */
  read<Schema extends z.ZodType>(schema: Schema): z.output<Schema> {
    try {
      return schema.parse(JSON.parse(this.text));
    } catch {
      // Without the cause: it may quote the reply, and the reply the text.
      throw faultOfStatus(this.status, 'unintelligible');
    }
  }
}

/**
 * Posts to a provider. What means the same at all providers is told here.
 * @throws SmsNotTaken for no connection, 429, 408 and 5xx, and for redirects, which are not followed with credentials
 */
export async function post(url: string, { headers, body }: ProviderCall, signal: AbortSignal): Promise<ProviderReply> {
  const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' }).catch(unreachable);
  const { status } = response;
  const retryAfterSeconds = retryAfter(response.headers);
  const text = await response.text().catch(unreachable);
  if (status === 429) throw SmsNotTaken.throttled(retryAfterSeconds, status);
  if (status >= 500 || status === 408)
    throw SmsNotTaken.passing('out_of_order', { providerCode: status, retryAfterSeconds });
  if (status >= 300 && status < 400) throw SmsNotTaken.unclear('unintelligible', status);
  return new ProviderReply(status, text);
}

/** Credentials and payment (RFC 9110 sections 15.5.2 and 15.5.3); others, 403 among them, may be about the number. */
const accountStatuses = [401, 402];

/** What a status says that comes without a code of the provider's own. */
export function faultOfStatus(status: number, word: 'unclear' | 'unintelligible' = 'unclear'): SmsNotTaken {
  if (accountStatuses.includes(status)) return SmsNotTaken.passing('account_refused', { providerCode: status });
  return SmsNotTaken.unclear(word, status);
}

/** By the code alone: some of these errors hold what came over the line. */
function unreachable(error: { cause?: { code?: string } }): never {
  throw SmsNotTaken.passing('unreachable', { providerCode: error.cause?.code });
}

/** RFC 7617. */
export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** Digits alone, as some providers want numbers. */
export function withoutPlus(e164: string): string {
  return e164.slice(1);
}

const maxRetryAfterSeconds = 3_600;

/** RFC 9110 section 10.2.3: seconds, or a date, which is compared with the provider's own clock. */
function retryAfter(headers: Headers): number | undefined {
  const value = headers.get('retry-after') ?? '';
  const seconds = /^\d+$/.test(value)
    ? Number(value)
    : Math.ceil((Date.parse(value) - Date.parse(headers.get('date') ?? '')) / 1000);
  return seconds > 0 ? Math.min(seconds, maxRetryAfterSeconds) : undefined;
}
