import { z } from 'zod';
import { MalformedBody } from '../../error/refusal';
import type { ReceiptDoor } from '../receipt-door';
import { outcomeOf, textIn, type ReceiptRequest, type SmsReceipt } from '../sms-receipt';
import { SmsNotTaken, type Sms, type SmsTransport } from '../sms-transport';
import { faultOfStatus, post } from './provider-http';
import type { AfricastalkingSettings } from './africastalking.settings';

const sendReply = z.object({
  SMSMessageData: z.object({
    Message: z.string().default(''),
    Recipients: z.array(z.object({ statusCode: z.number(), messageId: z.string().optional() })),
  }),
});

const takenCodes = [100, 101, 102];
/** Codes of one recipient, and the words for the same in a reply that names no recipient. */
const numberFaults: readonly (string | number)[] = [
  ...[403, 404, 406, 407, 409],
  ...['InvalidPhoneNumber', 'UnsupportedNumberType', 'UserInBlacklist', 'CouldNotRoute', 'DoNotDisturbRejection'],
];
const accountFaults: readonly (string | number)[] = [405, 'InsufficientBalance'];
const internalErrors: readonly (string | number)[] = [500, 'InternalServerError'];

const outcomes: Readonly<Record<string, SmsReceipt['outcome']>> = {
  success: 'delivered',
  failed: 'failed',
  rejected: 'failed',
  absentsubscriber: 'failed',
  expired: 'failed',
};

/** Africa's Talking, bulk SMS (developers.africastalking.com). Reports go to the one URL of its dashboard, unsigned. */
export class AfricasTalkingTransport implements SmsTransport {
  readonly name = 'africastalking';

  constructor(
    private readonly settings: AfricastalkingSettings,
    private readonly door: ReceiptDoor,
  ) {}

  async send({ to, text }: Sms, signal: AbortSignal): Promise<string | undefined> {
    const { url, username, apiKey, sender } = this.settings;
    const body = new URLSearchParams({
      username,
      to,
      message: text,
      bulkSMSMode: '1',
      ...(sender && { from: sender }),
    });
    const headers = { apiKey, Accept: 'application/json' };
    const reply = await post(`${url}/version1/messaging`, { headers, body }, signal);
    if (!reply.ok) throw faultOfStatus(reply.status);
    const { Recipients: recipients, Message: message } = reply.read(sendReply).SMSMessageData;
    const [recipient] = recipients;
    // What is wrong with the whole request is told in words, of no recipient.
    if (recipient === undefined) throw faultOf(message);
    if (takenCodes.includes(recipient.statusCode)) return recipient.messageId;
    throw faultOf(recipient.statusCode);
  }

  async readReceipts(request: ReceiptRequest): Promise<SmsReceipt[] | undefined> {
    if (!this.door.hasToken(request)) return undefined;
    const fields = await request.fields();
    const id = textIn(fields, 'id');
    const status = textIn(fields, 'status');
    if (id === undefined || status === undefined) throw new MalformedBody('id and status are required.');
    const outcome = outcomeOf(outcomes, status.toLowerCase());
    return [{ providerId: id, outcome, providerCode: textIn(fields, 'failureReason') ?? status }];
  }
}

/** A sender id, a gateway (501, 502) or a hold for risk (401) may be about the network of the number: unclear. */
function faultOf(providerCode: string | number): SmsNotTaken {
  if (numberFaults.includes(providerCode)) return SmsNotTaken.refused(providerCode);
  if (accountFaults.includes(providerCode)) return SmsNotTaken.passing('account_refused', { providerCode });
  if (internalErrors.includes(providerCode)) return SmsNotTaken.passing('out_of_order', { providerCode });
  return SmsNotTaken.unclear('unclear', providerCode);
}
