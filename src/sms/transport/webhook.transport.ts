import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import type { Clock } from '../../clock/clock';
import { MalformedBody } from '../../error/refusal';
import type { ReceiptRequest, SmsReceipt } from '../sms-receipt';
import { SmsNotTaken, type Sms, type SmsTransport } from '../sms-transport';
import { faultOfStatus, post } from './provider-http';
import type { WebhookSettings } from './webhook.settings';

const report = z.object({
  type: z.literal('sms.receipt'),
  data: z.object({
    id: z.string(),
    status: z.enum(['delivered', 'failed', 'pending']),
    reason: z.string().optional(),
  }),
});

/** What a receiver may answer to say that it will never take this text. */
const finalStatuses = [400, 410, 422];

/** Whatever an operator plugs in: signed both ways by Standard Webhooks (standardwebhooks.com, version 1). */
export class WebhookTransport implements SmsTransport {
  readonly name = 'webhook';
  private readonly webhook: Webhook;

  constructor(
    private readonly settings: WebhookSettings,
    private readonly clock: Clock,
  ) {
    this.webhook = new Webhook(settings.secret);
  }

  async send({ id, to, text, ttlSeconds }: Sms, signal: AbortSignal): Promise<void> {
    const now = this.clock.now();
    const data = { id, to, text, ttl_seconds: ttlSeconds };
    const body = JSON.stringify({ type: 'sms.send', timestamp: now.toISOString(), data });
    const headers = {
      'Content-Type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': this.webhook.sign(id, now, body),
    };
    const reply = await post(this.settings.url, { headers, body }, signal);
    if (reply.ok) return;
    if (finalStatuses.includes(reply.status)) throw SmsNotTaken.refused(reply.status);
    throw faultOfStatus(reply.status);
  }

  async readReceipts(request: ReceiptRequest): Promise<SmsReceipt[] | undefined> {
    if (!this.isSigned(request)) return undefined;
    const { success, data: read } = report.safeParse(await request.fields());
    if (!success) throw new MalformedBody('type sms.receipt, data.id and data.status are required.');
    const { id, status, reason } = read.data;
    return [{ messageId: id, outcome: status, providerCode: reason }];
  }

  /** By its own clock, with a tolerance of 5 minutes. */
  private isSigned({ bytes, headers }: ReceiptRequest): boolean {
    try {
      this.webhook.verify(bytes, headers as Record<string, string>, { jsonParse: false });
      return true;
    } catch {
      return false;
    }
  }
}
