import { createHash, timingSafeEqual } from 'node:crypto';
import type { SmsSettings, SmsTransportName } from '../config/sms-settings';
import type { ReceiptRequest } from './sms-receipt';

/** Where providers report to, and by what those prove themselves that do not sign. */
export class ReceiptDoor {
  constructor(private readonly settings: Pick<SmsSettings, 'publicUrl' | 'receiptToken'>) {}

  /** @returns undefined where nothing is said of how the world reaches this service */
  urlFor(transport: SmsTransportName, query: Record<string, string> = {}): string | undefined {
    const { publicUrl } = this.settings;
    return publicUrl && `${publicUrl}/api/sms/receipts/${transport}/${asQuery(query)}`;
  }

  /** The same with the token, for providers that do not sign; also undefined where there is none. */
  urlWithTokenFor(transport: SmsTransportName, query: Record<string, string> = {}): string | undefined {
    const { receiptToken: token } = this.settings;
    return token && this.urlFor(transport, { ...query, token });
  }

  /** As a provider that signs addresses it was given the URL. */
  fullUrl({ url }: ReceiptRequest): string {
    return `${this.settings.publicUrl ?? ''}${url}`;
  }

  hasToken({ query }: ReceiptRequest): boolean {
    const { receiptToken } = this.settings;
    return receiptToken !== undefined && isSame(String(query.token), receiptToken);
  }
}

/** Takes the same time wherever two texts differ. */
export function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map((it) => createHash('sha256').update(it).digest());
  return timingSafeEqual(a!, b!);
}

function asQuery(query: Record<string, string>): string {
  const text = new URLSearchParams(query).toString();
  return text && `?${text}`;
}
