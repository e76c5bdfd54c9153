import { z } from 'zod';
import { MalformedBody } from '../../error/refusal';
import { sizeOf } from '../alphabet';
import type { ReceiptDoor } from '../receipt-door';
import { outcomeOf, textIn, type ReceiptRequest, type SmsReceipt } from '../sms-receipt';
import { SmsNotTaken, type Sms, type SmsTransport } from '../sms-transport';
import { basic, post, withoutPlus } from './provider-http';
import type { BeemSettings } from './beem.settings';

const code = z.coerce.number();
/** Some refusals come wrapped. */
const sendReply = z.union([
  z.object({ data: z.object({ code }) }).transform(({ data }) => ({ ...data, valid: 0, request_id: undefined })),
  z.object({ code, valid: z.coerce.number().default(1), request_id: z.coerce.string().optional() }),
]);

const taken = 100;
/** Of numbers: invalid, without a route, missing. */
const numberFaults = [101, 106, 115];
/** No credit, no such account, no authorization, wrong keys. */
const accountFaults = [102, 105, 107, 108, 120];
const networkTrouble = 103;

const outcomes: Readonly<Record<string, SmsReceipt['outcome']>> = {
  DELIVERED: 'delivered',
  UNDELIVERED: 'failed',
  FAILED: 'failed',
  REJECTED: 'failed',
  EXPIRED: 'failed',
};

/** Beem Africa, SMS v1 (docs.beem.africa). Reports go to the one URL of its portal, unsigned. */
export class BeemTransport implements SmsTransport {
  readonly name = 'beem';

  constructor(
    private readonly settings: BeemSettings,
    private readonly door: ReceiptDoor,
  ) {}

  async send({ to, text }: Sms, signal: AbortSignal): Promise<string | undefined> {
    const { url, apiKey, secretKey, sender } = this.settings;
    const headers = { Authorization: basic(apiKey, secretKey), 'Content-Type': 'application/json' };
    const body = JSON.stringify({
      source_addr: sender,
      encoding: sizeOf(text).alphabet === 'GSM-7' ? 0 : 8,
      schedule_time: '',
      message: text,
      recipients: [{ recipient_id: 1, dest_addr: withoutPlus(to) }],
    });
    const reply = (await post(`${url}/v1/send`, { headers, body }, signal)).read(sendReply);
    if (reply.code === taken && reply.valid > 0) return reply.request_id;
    throw faultOf(reply.code);
  }

  async readReceipts(request: ReceiptRequest): Promise<SmsReceipt[] | undefined> {
    if (!this.door.hasToken(request)) return undefined;
    const fields = await request.fields();
    const id = textIn(fields, 'request_id');
    const status = textIn(fields, 'status') ?? textIn(fields, 'Status');
    if (id === undefined || status === undefined) throw new MalformedBody('request_id and Status are required.');
    return [{ providerId: id, outcome: outcomeOf(outcomes, status.toUpperCase()), providerCode: status }];
  }
}

/** A sender id may be registered with some networks only: unclear. */
function faultOf(providerCode: number): SmsNotTaken {
  if (providerCode === taken || numberFaults.includes(providerCode)) return SmsNotTaken.refused(providerCode);
  if (accountFaults.includes(providerCode)) return SmsNotTaken.passing('account_refused', { providerCode });
  if (providerCode === networkTrouble) return SmsNotTaken.passing('out_of_order', { providerCode });
  return SmsNotTaken.unclear('unclear', providerCode);
}
