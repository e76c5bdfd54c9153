import { z } from 'zod';
import { httpsUrl } from '../../variable/variable-kinds';
import { given, sender } from './provider-variables';

/** The variables of the transport `beem`, and under which names it reads them. */
export const beem = z
  .object({
    BEEM_API_KEY: given,
    BEEM_SECRET_KEY: given,
    BEEM_SENDER: sender,
    BEEM_URL: httpsUrl.default('https://apisms.beem.africa'),
  })
  .transform((it) => ({
    apiKey: it.BEEM_API_KEY,
    secretKey: it.BEEM_SECRET_KEY,
    sender: it.BEEM_SENDER,
    url: it.BEEM_URL,
  }));

export type BeemSettings = z.output<typeof beem>;
