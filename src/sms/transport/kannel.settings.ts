import { z } from 'zod';
import { credential, sender } from './provider-variables';

/** A gateway in one's own network. */
const httpUrl = z.string().refine((text) => URL.canParse(text) && /^https?:\/\//.test(text), {
  error: 'must be an http:// or https:// address',
});

/** The variables of the transport `kannel`, and under which names it reads them. */
export const kannel = z
  .object({
    KANNEL_URL: httpUrl,
    KANNEL_USERNAME: credential,
    KANNEL_PASSWORD: credential,
    KANNEL_SENDER: sender.optional(),
    KANNEL_SMSC: credential.optional(),
  })
  .transform((it) => ({
    url: it.KANNEL_URL,
    username: it.KANNEL_USERNAME,
    password: it.KANNEL_PASSWORD,
    sender: it.KANNEL_SENDER,
    smsc: it.KANNEL_SMSC,
  }));

export type KannelSettings = z.output<typeof kannel>;
