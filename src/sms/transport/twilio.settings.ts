import { z } from 'zod';
import { httpsUrl } from '../../variable/variable-kinds';
import { given, sender } from './provider-variables';

const twilioSender = z.union(
  [sender, given.regex(/^MG[0-9a-f]{32}$/)],
  'must be a number, a name of at most 11 letters and digits, or the id of a messaging service (MG...)',
);

/** The variables of the transport `twilio`, and under which names it reads them. */
export const twilio = z
  .object({
    TWILIO_ACCOUNT_SID: given.regex(/^AC[0-9a-f]{32}$/, 'must be AC and 32 hex digits'),
    TWILIO_AUTH_TOKEN: given,
    TWILIO_SENDER: twilioSender,
    TWILIO_URL: httpsUrl.default('https://api.twilio.com'),
  })
  .transform((it) => ({
    accountSid: it.TWILIO_ACCOUNT_SID,
    authToken: it.TWILIO_AUTH_TOKEN,
    sender: it.TWILIO_SENDER,
    url: it.TWILIO_URL,
  }));

export type TwilioSettings = z.output<typeof twilio>;
