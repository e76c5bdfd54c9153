import { MalformedBody } from '../../error/refusal';
import { sizeOf } from '../alphabet';
import type { ReceiptDoor } from '../receipt-door';
import { textIn, type ReceiptRequest, type SmsReceipt } from '../sms-receipt';
import { SmsNotTaken, type Sms, type SmsTransport } from '../sms-transport';
import { faultOfStatus, post } from './provider-http';
import type { KannelSettings } from './kannel.settings';

/** Bits of Kannel's `dlr-mask`: on the phone, not to be delivered, refused by the centre. */
const report = { delivered: 1, undelivered: 2, rejected: 16 };

/** Kannel's `sendsms` interface (kannel.org, user's guide), by POST: a query with code and password ends up in logs. */
export class KannelTransport implements SmsTransport {
  readonly name = 'kannel';

  constructor(
    private readonly settings: KannelSettings,
    private readonly door: ReceiptDoor,
  ) {}

  async send({ id, to, text, ttlSeconds }: Sms, signal: AbortSignal): Promise<void> {
    const { url, username, password, sender, smsc } = this.settings;
    // Kannel puts the number of what happened in the place of %d, which so must stand there as it is.
    const callback = this.door.urlWithTokenFor(this.name, { id })?.concat('&status=%d');
    const headers = {
      'Content-Type': 'text/plain; charset=UTF-8',
      'X-Kannel-Username': username,
      'X-Kannel-Password': password,
      'X-Kannel-To': to,
      'X-Kannel-Coding': sizeOf(text).alphabet === 'GSM-7' ? '0' : '2',
      'X-Kannel-Validity': String(Math.ceil(ttlSeconds / 60)),
      ...(sender && { 'X-Kannel-From': sender }),
      ...(smsc && { 'X-Kannel-SMSC': smsc }),
      ...(callback && {
        'X-Kannel-DLR-Url': callback,
        'X-Kannel-DLR-Mask': String(report.delivered + report.undelivered + report.rejected),
      }),
    };
    const reply = await post(url, { headers, body: text }, signal);
    if (reply.ok) return;
    if (reply.text.startsWith('Not routable')) throw SmsNotTaken.refused('not_routable');
    if (reply.text.startsWith('Number(s) has/have been denied')) throw SmsNotTaken.refused('denied');
    if (reply.text.startsWith('Authorization failed'))
      throw SmsNotTaken.passing('account_refused', { providerCode: reply.status });
    throw faultOfStatus(reply.status);
  }

  async readReceipts(request: ReceiptRequest): Promise<SmsReceipt[] | undefined> {
    if (!this.door.hasToken(request)) return undefined;
    const id = textIn(request.query, 'id');
    const status = textIn(request.query, 'status') ?? '';
    if (id === undefined || !/^\d{1,3}$/.test(status)) throw new MalformedBody('id and status are required.');
    const bits = Number(status);
    const failed = bits & (report.undelivered | report.rejected);
    const outcome = bits & report.delivered ? 'delivered' : failed ? 'failed' : 'pending';
    return [{ messageId: id, outcome, providerCode: status }];
  }
}
