import { z } from 'zod';
import { httpsUrl } from '../../variable/variable-kinds';
import { given, sender } from './provider-variables';

/** The variables of the transport `vonage`, and under which names it reads them. */
export const vonage = z
  .object({
    VONAGE_API_KEY: given,
    VONAGE_API_SECRET: given,
    VONAGE_SENDER: sender,
    VONAGE_SIGNATURE_SECRET: given.min(10, 'is shorter than 10 characters').optional(),
    VONAGE_SIGNATURE_METHOD: z
      .enum(['sha256', 'sha512', 'md5hash'], 'must be out of: sha256, sha512, md5hash')
      .default('sha256'),
    VONAGE_URL: httpsUrl.default('https://rest.nexmo.com'),
  })
  .transform((it) => ({
    apiKey: it.VONAGE_API_KEY,
    apiSecret: it.VONAGE_API_SECRET,
    sender: it.VONAGE_SENDER,
    signatureSecret: it.VONAGE_SIGNATURE_SECRET,
    signatureMethod: it.VONAGE_SIGNATURE_METHOD,
    url: it.VONAGE_URL,
  }));

export type VonageSettings = z.output<typeof vonage>;
