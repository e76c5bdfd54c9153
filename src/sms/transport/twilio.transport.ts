import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { MalformedBody } from '../../error/refusal';
import { isSame, type ReceiptDoor } from '../receipt-door';
import { outcomeOf, sortedTexts, textIn, type ReceiptRequest, type SmsReceipt, type TextFields } from '../sms-receipt';
import { SmsNotTaken, type Sms, type SmsTransport } from '../sms-transport';
import { basic, post } from './provider-http';
import type { TwilioSettings } from './twilio.settings';

const taken = z.object({ sid: z.string() });
const refused = z.object({ code: z.number() });

/**
 * About the number, its country or the words: no such number, none that takes texts, one that answered STOP or is not
 * verified (trial), a country without permission (21408), a sender that cannot reach it, a text too long or empty,
 * blocked as toll fraud (30450, 60410).
 */
const numberFaults = [
  ...[21211, 21214, 21217, 21219, 21265, 21266, 21408, 21421, 21602, 21604, 21608, 21610, 21612, 21614, 21617, 21635],
  ...[30450, 60410],
];
/** Credentials, an account that is suspended or not active, a messaging service that does not exist or has no sender. */
const accountFaults = [10001, 20003, 20005, 20006, 20008, 20404, 21701, 21703, 21704, 21705, 30002, 90010];
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
    private readonly settings: TwilioSettings,
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
    throw faultOf(code);
  }

  async readReceipts(request: ReceiptRequest): Promise<SmsReceipt[] | undefined> {
    const posted = await postedFields(request);
    if (posted === undefined || !this.isSigned(request, posted)) return undefined;
    const fields = { ...request.query, ...Object.fromEntries(posted) };
    const id = textIn(request.query, 'id');
    const status = textIn(fields, 'MessageStatus');
    if (id === undefined || status === undefined) throw new MalformedBody('id and MessageStatus are required.');
    return [
      { messageId: id, outcome: outcomeOf(outcomes, status), providerCode: textIn(fields, 'ErrorCode') ?? status },
    ];
  }

  /** HMAC-SHA1 over the URL as Twilio knows it, and every posted field in order (twilio.com/docs/usage/security). */
  private isSigned(request: ReceiptRequest, posted: TextFields): boolean {
    const given = textIn(request.headers, 'x-twilio-signature');
    if (given === undefined) return false;
    const fields = posted.flat().join('');
    const signatures = this.door.signedUrls(request).map((url) =>
      createHmac('sha1', this.settings.authToken)
        .update(url + fields)
        .digest('base64'),
    );
    return signatures.some((signature) => isSame(given, signature));
  }
}

const form = 'application/x-www-form-urlencoded';

/**
 * Twilio posts forms; nothing else is read before it has proved where it comes from.
 *
 * @returns undefined for what is no form
 */
async function postedFields(request: ReceiptRequest): Promise<TextFields | undefined> {
  if (request.bytes.length === 0) return [];
  if ((request.mediaType ?? form) !== form) return undefined;
  return sortedTexts(await request.fields());
}

/** Faults of a sender (21212, 21606, 21659 …) may be about the country of the number: unclear. */
function faultOf(providerCode: number): SmsNotTaken {
  if (numberFaults.includes(providerCode)) return SmsNotTaken.refused(providerCode);
  if (throttledCodes.includes(providerCode)) return SmsNotTaken.throttled(undefined, providerCode);
  if (accountFaults.includes(providerCode)) return SmsNotTaken.passing('account_refused', { providerCode });
  return SmsNotTaken.unclear('unclear', providerCode);
}
