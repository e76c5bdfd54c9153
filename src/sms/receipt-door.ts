import { createHash, timingSafeEqual } from 'node:crypto';
import { receiptPrefix } from '../client/request-path';
import type { SmsTransportName } from './sms-provider-settings';
import { textIn, type ReceiptRequest } from './sms-receipt';
import type { SmsSettings } from './sms-settings';

/** Where providers report to, and by what those prove themselves that do not sign. */
export class ReceiptDoor {
  constructor(private readonly settings: Pick<SmsSettings, 'publicUrl' | 'receiptToken'>) {}

  /** @returns undefined where nothing is said of how the world reaches this service */
  urlFor(transport: SmsTransportName, query: Record<string, string> = {}): string | undefined {
    const { publicUrl } = this.settings;
    return publicUrl && `${publicUrl}/${receiptPrefix}/${transport}/${asQuery(query)}`;
  }

  /** The same with the token, for providers that do not sign; also undefined where there is none. */
  urlWithTokenFor(transport: SmsTransportName, query: Record<string, string> = {}): string | undefined {
    const { receiptToken: token } = this.settings;
    return token && this.urlFor(transport, { ...query, token });
  }

  /**
   * What a provider may have signed that signs the address it calls: as `PUBLIC_URL` is written or as URLs are normalised,
   * with the port and without (Twilio does either: twilio.com/docs/usage/security). The query is as it was received.
   *
   * @returns none where nothing is said of how the world reaches this service
   */
  signedUrls({ url }: ReceiptRequest): string[] {
    const { publicUrl } = this.settings;
    return publicUrl === undefined ? [] : writtenForms(publicUrl).map((base) => base + url);
  }

  hasToken({ query }: ReceiptRequest): boolean {
    const { receiptToken } = this.settings;
    const token = textIn(query, 'token');
    return receiptToken !== undefined && token !== undefined && isSame(token, receiptToken);
  }
}

function writtenForms(publicUrl: string): string[] {
  const { protocol, hostname, port } = new URL(publicUrl);
  const [, written = '', path = ''] = /^[^/]*\/\/([^/]*)(.*)$/s.exec(publicUrl) ?? [];
  const standardPort = protocol === 'https:' ? 443 : 80;
  const forms = [written.replace(/:\d*$/, ''), hostname].flatMap((host) =>
    ['', `:${port || standardPort}`].map((suffix) => `${protocol}//${host}${suffix}${path}`),
  );
  return [...new Set([publicUrl, ...forms])];
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
