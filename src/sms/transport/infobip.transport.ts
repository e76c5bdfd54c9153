import { z } from 'zod';
import { MalformedBody } from '../../error/refusal';
import type { ReceiptDoor } from '../receipt-door';
import type { ReceiptRequest, SmsReceipt } from '../sms-receipt';
import { SmsNotTaken, type Sms, type SmsTransport } from '../sms-transport';
import { faultOfStatus, post, withoutPlus } from './provider-http';
import type { InfobipSettings } from './infobip.settings';

const status = z.object({ groupId: z.number(), id: z.number() });
const sendReply = z.object({ messages: z.array(z.object({ messageId: z.string().optional(), status })).min(1) });
const reports = z.object({ results: z.array(z.object({ messageId: z.string(), status })) });

const group = { pending: 1, undeliverable: 2, delivered: 3, expired: 4, rejected: 5 };
/** With the operator, and called delivered already. */
const atOperator = 2;
/** We have sent it before, and it was taken. */
const duplicate = 23;
/**
 * Network not served; prefix or destination missing or wrong; do not disturb; blocklisted; not registered (trial); no
 * route; text too long.
 */
const numberFaults = [6, 8, 10, 14, 18, 19, 25, 51, 52];
/** No credit, package expired. */
const accountFaults = [12, 17];
/** The key may not send. */
const forbidden = 403;
const flooding = 20;
const systemError = 21;

/** Infobip, SMS v3 (infobip.com/docs/api). Reports go to the URL of each text, unsigned. */
export class InfobipTransport implements SmsTransport {
  readonly name = 'infobip';

  constructor(
    private readonly settings: InfobipSettings,
    private readonly door: ReceiptDoor,
  ) {}

  async send({ id, to, text, ttlSeconds }: Sms, signal: AbortSignal): Promise<string | undefined> {
    const { url, apiKey, sender } = this.settings;
    const callback = this.door.urlWithTokenFor(this.name);
    const message = {
      sender,
      destinations: [{ to: withoutPlus(to), messageId: id }],
      content: { text },
      options: { validityPeriod: { amount: Math.ceil(ttlSeconds / 60), timeUnit: 'MINUTES' } },
      ...(callback && { webhooks: { delivery: { url: callback }, contentType: 'application/json' } }),
    };
    const headers = {
      Authorization: `App ${apiKey}`,
      Accept: 'application/json',
      'Content-Type': 'application/json',
    };
    const body = JSON.stringify({ messages: [message] });
    const reply = await post(`${url.replace(/\/$/, '')}/sms/3/messages`, { headers, body }, signal);
    if (reply.status === forbidden) throw SmsNotTaken.passing('account_refused', { providerCode: forbidden });
    if (!reply.ok) throw faultOfStatus(reply.status);
    const [{ messageId, status }] = reply.read(sendReply).messages as [z.output<typeof sendReply>['messages'][0]];
    const isTaken = [group.pending, group.delivered].includes(status.groupId) || status.id === duplicate;
    if (isTaken) return messageId;
    throw faultOf(status);
  }

  async readReceipts(request: ReceiptRequest): Promise<SmsReceipt[] | undefined> {
    if (!this.door.hasToken(request)) return undefined;
    const { success, data } = reports.safeParse(await request.fields());
    if (!success) throw new MalformedBody('results with messageId and status are required.');
    return data.results.map(({ messageId, status: { groupId, id } }) => ({
      messageId,
      outcome: outcomeOf(groupId, id),
      providerCode: id,
    }));
  }
}

function faultOf({ groupId, id }: z.output<typeof status>): SmsNotTaken {
  if (numberFaults.includes(id) || groupId === group.undeliverable) return SmsNotTaken.refused(id);
  if (id === flooding) return SmsNotTaken.throttled(undefined, id);
  if (accountFaults.includes(id)) return SmsNotTaken.passing('account_refused', { providerCode: id });
  if (id === systemError) return SmsNotTaken.passing('out_of_order', { providerCode: id });
  return SmsNotTaken.unclear('unclear', id);
}

function outcomeOf(groupId: number, id: number): SmsReceipt['outcome'] {
  if (groupId === group.delivered) return id === atOperator ? 'pending' : 'delivered';
  return [group.undeliverable, group.expired, group.rejected].includes(groupId) ? 'failed' : 'pending';
}
