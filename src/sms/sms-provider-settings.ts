import { z } from 'zod';
import { httpsUrl, wholeNumber } from '../variable/variable-kinds';

/** A gateway in one's own network. */
const httpUrl = z.string().refine((text) => URL.canParse(text) && /^https?:\/\//.test(text), {
  error: 'must be an http:// or https:// address',
});
const smppUrl = z.string().refine(
  (text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    return url !== undefined && /^smpps?:$/.test(url.protocol) && url.hostname !== '' && url.username !== '';
  },
  { error: 'must be smpp://user:password@host:2775, or smpps:// for TLS' },
);

const given = z.string();
/** Goes into a header. */
const credential = given.regex(/^[\x21-\x7e]+$/, 'holds white space or characters that are not ASCII');
/** A phone number, a short code, or a name of at most 11 characters (3GPP TS 23.040 section 9.1.2.5). */
const sender = given.regex(
  /^(\+?\d{3,15}|(?=.*[A-Za-z])[\w &.-]{1,11})$/,
  'must be a number, or a name of at most 11 letters and digits',
);
const twilioSender = z.union(
  [sender, given.regex(/^MG[0-9a-f]{32}$/)],
  'must be a number, a name of at most 11 letters and digits, or the id of a messaging service (MG...)',
);
const webhookSecret = given.regex(
  /^whsec_([A-Za-z0-9+/]{4}){8,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
  'must be whsec_ and 24 bytes or more in base64; make one with: echo whsec_$(openssl rand -base64 32)',
);

/** The settings of each provider: names, checks, and under which names its transport reads them. */
export const providerSettings = {
  africastalking: z
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
    })),
  beem: z
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
    })),
  twilio: z
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
    })),
  vonage: z
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
    })),
  infobip: z
    .object({ INFOBIP_URL: httpsUrl, INFOBIP_API_KEY: credential, INFOBIP_SENDER: sender })
    .transform((it) => ({ url: it.INFOBIP_URL, apiKey: it.INFOBIP_API_KEY, sender: it.INFOBIP_SENDER })),
  sns: z
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
    })),
  smpp: z
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
    })),
  kannel: z
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
    })),
  webhook: z
    .object({ SMS_WEBHOOK_URL: httpsUrl, SMS_WEBHOOK_SECRET: webhookSecret })
    .transform((it) => ({ url: it.SMS_WEBHOOK_URL, secret: it.SMS_WEBHOOK_SECRET })),
};

export type ProviderName = keyof typeof providerSettings;
/** In the order in which messages and documentation list them. */
export const providerNames = Object.keys(providerSettings) as ProviderName[];
export type ProviderSettings = { [Name in ProviderName]: z.output<(typeof providerSettings)[Name]> };

/** The names of all variables of providers. */
export const providerSettingNames = Object.values(providerSettings).flatMap((it) => Object.keys(it.in.shape));

/** Transports that show codes to everyone who can read the machine's screen or disk. */
const transportsForTryingOut = ['console', 'file'] as const;

export type SmsTransportName = (typeof transportsForTryingOut)[number] | ProviderName;

/** Everything that takes texts, by name. */
export const smsTransportNames: readonly SmsTransportName[] = [...transportsForTryingOut, ...providerNames];

export const isProvider = (name: SmsTransportName): name is ProviderName => name in providerSettings;
