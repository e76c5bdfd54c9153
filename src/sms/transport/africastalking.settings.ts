import { z } from 'zod';
import { httpsUrl } from '../../variable/variable-kinds';
import { credential, given, sender } from './provider-variables';

/** The variables of the transport `africastalking`, and under which names it reads them. */
export const africastalking = z
  .object({
    AFRICASTALKING_USERNAME: given,
    AFRICASTALKING_API_KEY: credential,
    AFRICASTALKING_SENDER: sender.optional(),
    AFRICASTALKING_URL: httpsUrl.default('https://api.africastalking.com'),
  })
  .transform((it) => ({
    username: it.AFRICASTALKING_USERNAME,
    apiKey: it.AFRICASTALKING_API_KEY,
    sender: it.AFRICASTALKING_SENDER,
    url: it.AFRICASTALKING_URL,
  }));

export type AfricastalkingSettings = z.output<typeof africastalking>;
