import { z } from 'zod';
import { wholeNumber } from '../../variable/variable-kinds';
import { given, sender } from './provider-variables';

const smppUrl = z.string().refine(
  (text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    return url !== undefined && /^smpps?:$/.test(url.protocol) && url.hostname !== '' && url.username !== '';
  },
  { error: 'must be smpp://user:password@host:2775, or smpps:// for TLS' },
);

/** The variables of the transport `smpp`, and under which names it reads them. */
export const smpp = z
  .object({
    SMPP_URL: smppUrl,
    SMPP_SENDER: sender,
    SMPP_SYSTEM_TYPE: given.max(12, 'is longer than 12 characters').default(''),
    SMPP_BIND: z.enum(['transceiver', 'transmitter'], 'must be transceiver or transmitter').default('transceiver'),
    SMPP_RECEIPT_IDS: z.enum(['same', 'decimal'], 'must be same or decimal').default('same'),
    SMPP_ENQUIRE_LINK_SECONDS: wholeNumber(1, 600).default(30),
  })
  .transform((it) => ({
    url: it.SMPP_URL,
    sender: it.SMPP_SENDER,
    systemType: it.SMPP_SYSTEM_TYPE,
    bindAs: it.SMPP_BIND,
    receiptIds: it.SMPP_RECEIPT_IDS,
    enquireLinkSeconds: it.SMPP_ENQUIRE_LINK_SECONDS,
  }));

export type SmppSettings = z.output<typeof smpp>;
