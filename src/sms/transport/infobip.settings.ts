import { z } from 'zod';
import { httpsUrl } from '../../variable/variable-kinds';
import { credential, sender } from './provider-variables';

/** The variables of the transport `infobip`, and under which names it reads them. */
export const infobip = z
  .object({ INFOBIP_URL: httpsUrl, INFOBIP_API_KEY: credential, INFOBIP_SENDER: sender })
  .transform((it) => ({ url: it.INFOBIP_URL, apiKey: it.INFOBIP_API_KEY, sender: it.INFOBIP_SENDER }));

export type InfobipSettings = z.output<typeof infobip>;
