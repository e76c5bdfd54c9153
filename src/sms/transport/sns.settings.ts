import { z } from 'zod';
import { httpsUrl } from '../../variable/variable-kinds';
import { credential, given, sender } from './provider-variables';

/** The variables of the transport `sns`, and under which names it reads them. */
export const sns = z
  .object({
    AWS_REGION: given.regex(/^[a-z]{2,4}(-[a-z]+)+-\d$/, 'must be a region, such as eu-west-1'),
    AWS_ACCESS_KEY_ID: credential,
    AWS_SECRET_ACCESS_KEY: credential,
    AWS_SESSION_TOKEN: credential.optional(),
    SNS_SENDER: sender.optional(),
    SNS_URL: httpsUrl.optional(),
  })
  .transform((it) => ({
    region: it.AWS_REGION,
    accessKeyId: it.AWS_ACCESS_KEY_ID,
    secretAccessKey: it.AWS_SECRET_ACCESS_KEY,
    sessionToken: it.AWS_SESSION_TOKEN,
    sender: it.SNS_SENDER,
    url: it.SNS_URL ?? `https://sns.${it.AWS_REGION}.amazonaws.com`,
  }));

export type SnsSettings = z.output<typeof sns>;
