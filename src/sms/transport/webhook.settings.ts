import { z } from 'zod';
import { httpsUrl } from '../../variable/variable-kinds';
import { given } from './provider-variables';

const webhookSecret = given.regex(
  /^whsec_([A-Za-z0-9+/]{4}){8,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
  'must be whsec_ and 24 bytes or more in base64; make one with: echo whsec_$(openssl rand -base64 32)',
);

/** The variables of the transport `webhook`, and under which names it reads them. */
export const webhook = z
  .object({ SMS_WEBHOOK_URL: httpsUrl, SMS_WEBHOOK_SECRET: webhookSecret })
  .transform((it) => ({ url: it.SMS_WEBHOOK_URL, secret: it.SMS_WEBHOOK_SECRET }));

export type WebhookSettings = z.output<typeof webhook>;
