import { isSupportedCountry, isValidPhoneNumber, type CountryCode } from 'libphonenumber-js/max';
import { join } from 'node:path';
import { z } from 'zod';
import { Clock } from '../clock/clock';
import { list, wholeNumber } from './setting-kinds';
import { providerNames, providerSettings, type ProviderName, type ProviderSettings } from './sms-provider-settings';

/** Transports that show codes to everyone who can read the machine's screen or disk. */
const transportsForTryingOut = ['console', 'file'] as const;

export type SmsTransportName = (typeof transportsForTryingOut)[number] | ProviderName;

/** Everything that takes texts, by name. */
export const smsTransportNames: readonly SmsTransportName[] = [...transportsForTryingOut, ...providerNames];

/** Orders of transports by country; `*` is everywhere else. */
export type SmsRoutes = ReadonlyMap<CountryCode | '*', readonly SmsTransportName[]>;

/** Everything about texts. */
export interface SmsSettings {
  routes: SmsRoutes;
  /** Of each provider that is in use. */
  providers: Partial<ProviderSettings>;
  /** Where the transport `file` writes: a line of JSON for each text. */
  file: string;
  wording: SmsWordingSettings;
  /** What providers without signatures prove themselves by when they report. */
  receiptToken?: string;
  /** As in the settings of the whole service. */
  publicUrl?: string;
  testNumbers: TestNumber[];
  /** How many texts of a node may be with providers at a time. */
  inFlight: number;
}

export interface SmsWordingSettings {
  /** What texts call the service. */
  appName: string;
  /** The website that a code is bound to. */
  boundDomain?: string;
  /** 11 characters by which Android finds the app that a text is for. */
  androidHash?: string;
  defaultLocale: SmsLanguage;
}

export const smsLanguages = ['en', 'sw', 'fr', 'ar', 'pt'] as const;
export type SmsLanguage = (typeof smsLanguages)[number];

const transportName = z.enum(smsTransportNames, `must be out of: ${smsTransportNames.join(', ')}`);
const eachOnce = (names: readonly string[]) => new Set(names).size === names.length && names.length > 0;

const routes = list.transform((entries, context): SmsRoutes => {
  const found = new Map<CountryCode | '*', SmsTransportName[]>();
  for (const entry of entries) {
    const [place = '', order = ''] = entry.split(':').map((part) => part.trim());
    const names = z.array(transportName).safeParse(order.split('>').map((name) => name.trim()));
    const known = place === '*' || isSupportedCountry(place);
    if (!known || !names.success || !eachOnce(names.data) || found.has(place) || entry.split(':').length !== 2) {
      const message = 'must be countries with transports, each once, such as TZ:africastalking>beem,*:twilio';
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    }
    found.set(place, names.data);
  }
  return found;
});

export interface TestNumber {
  /** E.164. */
  phoneNumber: string;
  code: string;
  /** The last day (UTC), at its end. */
  until: Date;
}

const mostTestNumbers = 10;
const longestTestDays = 90;

/** `+255754000001:123456:2027-01-31`: a number, its code, the last day. Days past are none of a fault: they end a number. */
const testNumbers = list.transform((entries, context): TestNumber[] => {
  const fault = (message: string) => {
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  };
  if (entries.length > mostTestNumbers) return fault(`names more than ${mostTestNumbers} numbers`);
  const numbers: TestNumber[] = [];
  for (const entry of entries) {
    const [, phoneNumber = '', code = '', day = ''] = /^(\+\d+):(\d{6}):(\d{4}-\d{2}-\d{2})$/.exec(entry) ?? [];
    const until = new Date(`${day}T23:59:59.999Z`);
    if (!isValidPhoneNumber(phoneNumber) || Number.isNaN(until.getTime()))
      return fault('must be numbers with a code and a last day, such as +255754000001:123456:2027-01-31');
    if (until.getTime() > new Clock().now().getTime() + (longestTestDays + 1) * 86_400_000)
      return fault(`names a day more than ${longestTestDays} days ahead`);
    numbers.push({ phoneNumber, code, until });
  }
  if (new Set(numbers.map((it) => it.phoneNumber)).size < numbers.length) return fault('names a number twice');
  return numbers;
});

const notInProduction = 'shows codes to anyone at the machine (console, file): not for production';
const unallowed = 'has codes that do not change; production wants OTP_TEST_NUMBERS_IN_PRODUCTION=true beside it';

/** The transports of each country. Read apart, so that a fault elsewhere hides none in the settings of their providers. */
function routing(production: boolean) {
  const fitting = (names: readonly SmsTransportName[]) => !production || names.every(isProvider);
  const order = list
    .pipe(z.array(transportName))
    .refine(eachOnce, { error: 'names no transport, or one twice', abort: true })
    .refine(fitting, notInProduction);
  return z
    .object({
      SMS_TRANSPORT: order.optional(),
      SMS_ROUTES: routes.refine((it) => fitting([...it.values()].flat()), notInProduction).default(new Map()),
    })
    .transform(({ SMS_TRANSPORT, SMS_ROUTES }, context): SmsRoutes => {
      const everywhere = SMS_ROUTES.get('*') ?? SMS_TRANSPORT ?? (production ? undefined : (['console'] as const));
      if (everywhere) return new Map([...SMS_ROUTES, ['*', everywhere]]);
      context.addIssue({ code: 'custom', message: '', path: ['SMS_TRANSPORT'] });
      return z.NEVER;
    });
}

/** Names that were settings once: an operator who still sets them must know that they do nothing. */
const formerSettings = {
  SMS_HANDOVER_MILLISECONDS: z.undefined('does nothing any more: remove it; SMS_IN_FLIGHT took its place').optional(),
};

function others(production: boolean) {
  return z
    .object({
      SMS_FILE: z.string().optional(),
      SMS_IN_FLIGHT: wholeNumber(1, 2_000).default(400),
      ...formerSettings,
      SMS_APP_NAME: z
        .string()
        .regex(/^[^\d\n]{1,30}$/, 'must be at most 30 characters without digits, which phones would take for the code')
        .default('Hodi'),
      SMS_DEFAULT_LOCALE: z.enum(smsLanguages, `must be out of: ${smsLanguages.join(', ')}`).default('en'),
      SMS_BOUND_DOMAIN: z
        .string()
        .regex(/^(?=.{1,60}$)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/, 'must be a domain, such as app.hodi.test')
        .optional(),
      SMS_ANDROID_HASH: z
        .string()
        .regex(/^[A-Za-z0-9+/]{11}$/, 'must be the 11 characters that Android’s AppSignatureHelper shows')
        .optional(),
      SMS_RECEIPT_TOKEN: z
        .string()
        .regex(/^[\w-]{32,128}$/, 'must be 32 to 128 letters and digits; make one with: openssl rand -hex 32')
        .optional(),
      OTP_TEST_NUMBERS: testNumbers.default([]),
      OTP_TEST_NUMBERS_IN_PRODUCTION: z.enum(['true', 'false'], 'must be true or false').default('false'),
    })
    .refine((it) => !production || it.OTP_TEST_NUMBERS.length === 0 || it.OTP_TEST_NUMBERS_IN_PRODUCTION === 'true', {
      error: unallowed,
      path: ['OTP_TEST_NUMBERS'],
    });
}

/** The names of all variables about texts, but for those of providers. */
export const smsSettingNames = [routing(false).in, others(false)]
  .flatMap((it) => Object.keys(it.shape))
  .filter((name) => !(name in formerSettings));

/**
 * Reads and checks the settings about texts, and those of the providers that texts are routed to.
 * @param env without empty variables
 * @param faultsOf words the faults of a zod object, one line a variable
 * @returns the settings, or the lines of all faults
 */
export function readSmsSettings(
  env: Readonly<Record<string, string | undefined>>,
  { production, dataDir }: { production: boolean; dataDir: string },
  faultsOf: (error: z.ZodError, missing?: string) => string[],
): { sms?: SmsSettings; faults: string[] } {
  const routed = routing(production).safeParse(env);
  const other = others(production).safeParse(env);
  const faults = [routed, other].flatMap(({ error }) => (error ? faultsOf(error) : []));
  const providers: Record<string, unknown> = {};
  for (const name of new Set([...(routed.data?.values() ?? [])].flat())) {
    if (!isProvider(name)) continue;
    const { data, error } = providerSettings[name].safeParse(env);
    if (error) faults.push(...faultsOf(error, `is missing, and the transport ${name} needs it`));
    providers[name] = data;
  }
  if (faults.length > 0 || !routed.success || !other.success) return { faults };
  const { data: values } = other;
  const sms: SmsSettings = {
    routes: routed.data,
    providers,
    file: values.SMS_FILE ?? join(dataDir, 'sms.jsonl'),
    wording: {
      appName: values.SMS_APP_NAME,
      boundDomain: values.SMS_BOUND_DOMAIN,
      androidHash: values.SMS_ANDROID_HASH,
      defaultLocale: values.SMS_DEFAULT_LOCALE,
    },
    receiptToken: values.SMS_RECEIPT_TOKEN,
    testNumbers: values.OTP_TEST_NUMBERS,
    inFlight: values.SMS_IN_FLIGHT,
  };
  return { sms, faults };
}

const isProvider = (name: SmsTransportName): name is ProviderName => name in providerSettings;
