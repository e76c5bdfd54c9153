import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { ProviderSettings } from '../../config/sms-provider-settings';
import { MalformedBody } from '../../error/refusal';
import { isSame, type ReceiptDoor } from '../receipt-door';
import type { ReceiptRequest, SmsReceipt } from '../sms-receipt';
import { SmsNotTaken, type Sms, type SmsTransport } from '../sms-transport';
import { basic, post } from './provider-http';

const taken = z.object({ sid: z.string() });
const refused = z.object({ code: z.number() });

/** No such number, none that takes texts, or one that answered STOP. */
const finalCodes = [21211, 21214, 21217, 21610, 21612, 21614];
const throttledCodes = [14107, 20429, 21611, 30022, 30023];

const outcomes: Readonly<Record<string, SmsReceipt['outcome']>> = {
  delivered: 'delivered',
  read: 'delivered',
  undelivered: 'failed',
  failed: 'failed',
  canceled: 'failed',
};

/** Twilio, Messages of API 2010-04-01 (twilio.com/docs/messaging). */
export class TwilioTransport implements SmsTransport {
  readonly name = 'twilio';

  constructor(
    private readonly settings: ProviderSettings['twilio'],
    private readonly door: ReceiptDoor,
  ) {}

  async send({ id, to, text, ttlSeconds }: Sms, signal: AbortSignal): Promise<string> {
    const { url, accountSid, authToken, sender } = this.settings;
    const callback = this.door.urlFor(this.name, { id });
    const body = new URLSearchParams({
      To: to,
      [sender.startsWith('MG') && sender.length === 34 ? 'MessagingServiceSid' : 'From']: sender,
      Body: text,
      ValidityPeriod: String(ttlSeconds),
      ...(callback && { StatusCallback: callback }),
    });
    const headers = { Authorization: basic(accountSid, authToken) };
    const reply = await post(`${url}/2010-04-01/Accounts/${accountSid}/Messages.json`, { headers, body }, signal);
    if (reply.ok) return reply.read(taken).sid;
    const { code } = reply.read(refused);
    if (finalCodes.includes(code)) throw SmsNotTaken.refused(code);
    if (throttledCodes.includes(code)) throw SmsNotTaken.throttled(undefined, code);
    throw SmsNotTaken.passing('account_refused', { providerCode: code });
  }

  async readReceipts(request: ReceiptRequest): Promise<SmsReceipt[] | undefined> {
    const posted = request.bytes.length > 0 ? await request.fields() : {};
    if (!this.isSigned(request, posted)) return undefined;
    const { MessageStatus: status, ErrorCode } = { ...request.query, ...posted };
    const { id } = request.query;
    if (typeof status !== 'string' || id === undefined) throw new MalformedBody('id and MessageStatus are required.');
    const providerCode = typeof ErrorCode === 'string' ? ErrorCode : status;
    return [{ messageId: id, outcome: outcomes[status] ?? 'pending', providerCode }];
  }

  /** HMAC-SHA1 over the URL as Twilio knows it, and every posted field in order (twilio.com/docs/usage/security). */
  private isSigned(request: ReceiptRequest, posted: Record<string, unknown>): boolean {
    const fields = Object.keys(posted)
      .sort()
      .map((name) => `${name}${String(posted[name])}`);
    const signed = this.door.fullUrl(request) + fields.join('');
    const signature = createHmac('sha1', this.settings.authToken).update(signed).digest('base64');
    return isSame(String(request.headers['x-twilio-signature']), signature);
  }
}
