import { createHash, createHmac } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../clock/clock';
import { MalformedBody } from '../../error/refusal';
import { sizeOf } from '../alphabet';
import { isSame, type ReceiptDoor } from '../receipt-door';
import { outcomeOf, sortedTexts, textIn, type ReceiptRequest, type SmsReceipt, type TextFields } from '../sms-receipt';
import { SmsNotTaken, type Sms, type SmsTransport } from '../sms-transport';
import { faultOfStatus, post, withoutPlus } from './provider-http';
import type { VonageSettings } from './vonage.settings';

const sendReply = z.object({
  messages: z.array(z.object({ status: z.coerce.string(), 'message-id': z.string().optional() })).min(1),
});

/** Unroutable, barred, text too long, unknown network, not in a trial account's list, deactivated. */
const numberFaults = ['6', '7', '12', '22', '29', '33'];
/** Wrong credentials, barred, no credit, no access by HTTP, wrong signature, secret not allowed. */
const accountFaults = ['4', '8', '9', '11', '14', '32'];
const throttledCodes = ['1', '10'];
const internalError = '5';

const outcomes: Readonly<Record<string, SmsReceipt['outcome']>> = {
  delivered: 'delivered',
  expired: 'failed',
  failed: 'failed',
  rejected: 'failed',
};

/** The least that Vonage takes; milliseconds. */
const shortestTtl = 20_000;
/** How old a signed report may be. */
const toleranceSeconds = 300;

/** Vonage, SMS API (developer.vonage.com). Reports are signed where that is switched on, else they bring the token. */
export class VonageTransport implements SmsTransport {
  readonly name = 'vonage';

  constructor(
    private readonly settings: VonageSettings,
    private readonly door: ReceiptDoor,
    private readonly clock: Clock,
  ) {}

  async send({ id, to, text, ttlSeconds }: Sms, signal: AbortSignal): Promise<string | undefined> {
    const { url, apiKey, apiSecret, sender, signatureSecret } = this.settings;
    const callback = signatureSecret ? this.door.urlFor(this.name) : this.door.urlWithTokenFor(this.name);
    const body = new URLSearchParams({
      api_key: apiKey,
      api_secret: apiSecret,
      from: sender,
      to: withoutPlus(to),
      text,
      type: sizeOf(text).alphabet === 'GSM-7' ? 'text' : 'unicode',
      ttl: String(Math.max(ttlSeconds * 1000, shortestTtl)),
      'client-ref': id,
      ...(callback && { callback, 'status-report-req': '1' }),
    });
    const reply = await post(`${url}/sms/json`, { headers: { Accept: 'application/json' }, body }, signal);
    if (!reply.ok) throw faultOfStatus(reply.status);
    // A text of several segments has an entry for each.
    const { messages } = reply.read(sendReply);
    const fault = messages.find(({ status }) => status !== '0');
    if (fault === undefined) return messages[0]!['message-id'];
    throw faultOf(fault.status);
  }

  async readReceipts(request: ReceiptRequest): Promise<SmsReceipt[] | undefined> {
    const fields = await this.authenticFields(request);
    if (fields === undefined) return undefined;
    const messageId = textIn(fields, 'client-ref');
    const status = textIn(fields, 'status');
    if (messageId === undefined || status === undefined) throw new MalformedBody('client-ref and status are required.');
    const code = textIn(fields, 'err-code') ?? '0';
    return [{ messageId, outcome: outcomeOf(outcomes, status), providerCode: code === '0' ? status : code }];
  }

  private async authenticFields(request: ReceiptRequest): Promise<Record<string, unknown> | undefined> {
    const { signatureSecret } = this.settings;
    if (signatureSecret === undefined && !this.door.hasToken(request)) return undefined;
    const fields = await request.fields();
    return signatureSecret === undefined || this.isSigned(fields, signatureSecret) ? fields : undefined;
  }

  private isSigned({ sig, ...fields }: Record<string, unknown>, secret: string): boolean {
    const signed = sortedTexts(fields);
    const sentAt = textIn(fields, 'timestamp') ?? '';
    if (typeof sig !== 'string' || signed === undefined || !/^\d{1,12}$/.test(sentAt)) return false;
    const age = Math.abs(this.clock.now().getTime() / 1000 - Number(sentAt));
    const signature = signatureOf(signed, secret, this.settings.signatureMethod);
    return age <= toleranceSeconds && isSame(signature, sig.toLowerCase());
  }
}

/** A field that is not valid (3) may be the number, a sender (15) may not be allowed in its country: unclear. */
function faultOf(providerCode: string): SmsNotTaken {
  if (numberFaults.includes(providerCode)) return SmsNotTaken.refused(providerCode);
  if (throttledCodes.includes(providerCode)) return SmsNotTaken.throttled(1, providerCode);
  if (accountFaults.includes(providerCode)) return SmsNotTaken.passing('account_refused', { providerCode });
  if (providerCode === internalError) return SmsNotTaken.passing('out_of_order', { providerCode });
  return SmsNotTaken.unclear('unclear', providerCode);
}

/** Fields by name, `&` and `=` in values replaced (developer.vonage.com, signed webhooks). */
function signatureOf(fields: TextFields, secret: string, method: 'md5hash' | 'sha256' | 'sha512'): string {
  const text = fields.map(([name, value]) => `&${name}=${value.replaceAll(/[&=]/g, '_')}`).join('');
  const hash = method === 'md5hash' ? createHash('md5').update(text + secret) : createHmac(method, secret).update(text);
  return hash.digest('hex');
}
