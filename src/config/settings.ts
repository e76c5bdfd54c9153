import { isSupportedCountry, type CountryCode } from 'libphonenumber-js/max';
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP, isIPv6 } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { CannotStart } from '../error/cannot-start';
import { developmentSecret } from './development-secret';
import { readMysqlUrl, UnusableMysqlUrl } from './mysql-url';
import { httpsUrl, list, wholeNumber } from './setting-kinds';
import { sharedSecretFaults } from './shared-secrets';
import { providerSettingNames } from './sms-provider-settings';
import { readSmsSettings, smsSettingNames, type SmsSettings } from './sms-settings';

/** Injects `Settings`. */
export const SETTINGS = Symbol('SETTINGS');

/** Every setting of the service, read once and checked before anything else happens. */
export interface Settings {
  production: boolean;
  development: boolean;
  host: string;
  port: number;
  /** Where the service keeps its own files: SQLite, development's secrets, texts of the transport `file`. */
  dataDir: string;
  database: { kind: 'sqlite'; file: string } | { kind: 'mysql'; url: string };
  /** Key rings, newest first. */
  secretKeys: string[];
  jwtSecrets: string[];
  jwtIssuer?: string;
  jwtAudience?: string;
  /** EC keys on P-256 or RSA keys; all are published. */
  jwtKeys: KeyObject[];
  /** What access tokens are signed with, by the first key of that algorithm. */
  jwtAlgorithm: JwtAlgorithm;
  accessTokenClaims: AccessTokenClaim[];
  /** Of the stack that is left behind, during the move; without it none of its tokens is taken. */
  simplejwt?: {
    secret: string;
    userIdClaim: string;
    /** From `iat` to `exp`. */
    maxLifeSeconds: number;
  };
  accessTokenTtlSeconds: number;
  refreshTokenIdleSeconds: number;
  refreshTokenMaxSeconds: number;
  otpTtlSeconds: number;
  /** Comparisons with one code. */
  otpMaxAttempts: number;
  /** From one text to a number to the next. */
  otpResendSeconds: number;
  sms: SmsSettings;
  redisUrl?: string;
  /** Requests of one client address in `throttleTtlSeconds`; 0 for no limit. */
  throttleLimit: number;
  throttleTtlSeconds: number;
  /** CIDRs. */
  trustedProxies: string[];
  corsOrigins: string[];
  /** Where the world reaches this service: with the path that a proxy takes off, without a slash at its end. */
  publicUrl?: string;
  /** Whether Swagger UI and the OpenAPI document are served. */
  apiDocs: boolean;
  /** Seconds from the signal to stop until no new connection is taken. */
  shutdownDrainSeconds: number;
  phoneDefaultRegion?: CountryCode;
  phoneCountries?: CountryCode[];
  logLevel: LogLevel;
}

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

const jwtAlgorithms = ['HS256', 'ES256', 'RS256'] as const;
export type JwtAlgorithm = (typeof jwtAlgorithms)[number];

const accessTokenClaims = ['phone_number', 'phone_country', 'new_member', 'display_name', 'locale'] as const;
export type AccessTokenClaim = (typeof accessTokenClaims)[number];

/** Names every bad variable and what to do about it; never a value. */
export class InvalidSettings extends CannotStart {
  /** @param faults one line each: the variable's name, a colon, what is wrong with it */
  constructor(readonly faults: readonly string[]) {
    super(`These settings must be fixed before Hodi can start:\n${faults.map((it) => `  ${it}`).join('\n')}`);
  }
}

const isSample = (secret: string) =>
  /change.?me|example|sample|your.?(secret|key)|insecure|placeholder|replace/i.test(secret) ||
  new Set(secret).size < 10;

const keyRing = list.superRefine((keys, context) => {
  const fault = (message: string) => context.addIssue({ code: 'custom', message });
  if (keys.length === 0) fault('holds no key');
  if (keys.some((key) => Buffer.byteLength(key) < 32)) fault('every key needs 32 bytes or more');
  else if (keys.some(isSample)) fault('is a sample value; make one with: openssl rand -base64 48');
  if (new Set(keys).size < keys.length) fault('names the same key twice');
});

const someFiles = list.refine((files) => files.length > 0, { error: 'names no file', abort: true });
const privateKeys = someFiles.transform((files, context): KeyObject[] =>
  files.flatMap((file, place) => {
    try {
      const key = createPrivateKey(readFileSync(file));
      const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
      if (namedCurve === 'prime256v1' || (key.asymmetricKeyType === 'rsa' && modulusLength >= 2048)) return [key];
    } catch {
      // Told below, without the path: like any other value it may be a mistaken secret.
    }
    const message = `file ${place + 1} holds no private key in PEM that is EC on P-256 or RSA of 2048 bits or more`;
    context.addIssue({ code: 'custom', message });
    return [];
  }),
);

/**
 * The algorithm that a key signs access tokens by: ES256 for EC keys, RS256 for RSA keys (RFC 7518 section 3.1), HS256
 * where there is no key but a secret.
 */
export function algorithmOf(key: KeyObject | undefined): JwtAlgorithm {
  if (key === undefined) return 'HS256';
  return key.asymmetricKeyType === 'ec' ? 'ES256' : 'RS256';
}

const urlOf = (text: string) => (URL.canParse(text) ? new URL(text) : undefined);

function urlWith(protocols: string[], message: string) {
  return z.string().refine(
    (text) => {
      const url = urlOf(text);
      return url !== undefined && protocols.includes(url.protocol) && url.hostname !== '';
    },
    { error: message, abort: true },
  );
}

const database = z.string().transform((text, context): Settings['database'] => {
  if (text.startsWith('sqlite:') && text.length > 'sqlite:'.length) {
    return { kind: 'sqlite', file: text.slice('sqlite:'.length) };
  }
  try {
    readMysqlUrl(text);
    return { kind: 'mysql', url: text };
  } catch (error) {
    if (!(error instanceof UnusableMysqlUrl)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
    return z.NEVER;
  }
});

/** Strict, as callers' addresses are: `010.0.0.0/8` is 8.0.0.0/8 to some readers, and `/0` is everybody. */
function isCidr(text: string): boolean {
  const [, network = '', prefix = ''] = /^([^/%]+)\/([1-9]\d{0,2})$/.exec(text) ?? [];
  return isIP(network) !== 0 && Number(prefix) <= (isIPv6(network) ? 128 : 32);
}

const publicUrl = httpsUrl
  .refine((text) => !/[?#@\s]/.test(text), 'must have no query')
  .transform((text) => text.replace(/\/+$/, ''));

const isOrigin = (text: string) => urlOf(text)?.origin === text && /^https?:[^*]+$/.test(text);
const country = z
  .string()
  .refine(isSupportedCountry, 'must be a two-letter country code that libphonenumber knows, such as TZ');

const defaultDataDir = '.data';

function schema(production: boolean, asymmetric: boolean) {
  return z.object({
    NODE_ENV: z.enum(['development', 'test', 'production'], 'must be development, test or production').optional(),
    HOST: z.string().default('127.0.0.1'),
    PORT: wholeNumber(0, 65_535).default(3000),
    DATA_DIR: z.string().default(defaultDataDir),
    DATABASE_URL: database.optional(),
    SECRET_KEY: production ? keyRing : keyRing.optional(),
    JWT_SECRET: production && !asymmetric ? keyRing : keyRing.optional(),
    JWT_KEY_FILES: privateKeys.default([]),
    JWT_ALGORITHM: z.enum(jwtAlgorithms, `must be out of: ${jwtAlgorithms.join(', ')}`).optional(),
    JWT_ISSUER: z.string().optional(),
    JWT_AUDIENCE: z.string().optional(),
    ACCESS_TOKEN_TTL_SECONDS: wholeNumber(30, 86_400).default(600),
    REFRESH_TOKEN_IDLE_SECONDS: wholeNumber(60, 31_536_000).default(2_592_000),
    REFRESH_TOKEN_MAX_SECONDS: wholeNumber(60, 31_536_000).default(7_776_000),
    ACCESS_TOKEN_CLAIMS: list
      .pipe(z.array(z.enum(accessTokenClaims, `must be out of: ${accessTokenClaims.join(', ')}`)))
      .default([]),
    SIMPLEJWT_SECRET: z.string().min(32, 'is shorter than 32 bytes').optional(),
    SIMPLEJWT_USER_ID_CLAIM: z.string().default('user_id'),
    // A migration counts on the 365 days.
    SIMPLEJWT_MAX_LIFE_SECONDS: wholeNumber(60, 31_536_000).default(7_776_000),
    OTP_TTL_SECONDS: wholeNumber(30, 600).default(300),
    OTP_MAX_ATTEMPTS: wholeNumber(1, 10).default(5),
    OTP_RESEND_SECONDS: wholeNumber(1, 600).default(60),
    REDIS_URL: urlWith(['redis:', 'rediss:'], 'must be redis://host:6379 or rediss://host:6379').optional(),
    THROTTLE_LIMIT: wholeNumber(0, 1_000_000).default(100),
    THROTTLE_TTL_SECONDS: wholeNumber(1, 86_400).default(60),
    TRUSTED_PROXIES: list
      .refine((items) => items.every(isCidr), 'must be CIDRs, such as 10.0.0.0/8,::1/128')
      .default([]),
    CORS_ORIGINS: list
      .refine((items) => items.every(isOrigin), 'must be exact origins, such as https://app.hodi.test, without a path')
      .default([]),
    PUBLIC_URL: publicUrl.optional(),
    API_DOCS: z.enum(['on', 'off'], 'must be on or off').default('on'),
    SHUTDOWN_DRAIN_SECONDS: wholeNumber(0, 60).default(production ? 5 : 0),
    PHONE_DEFAULT_REGION: country.optional(),
    PHONE_COUNTRIES: list.pipe(z.array(country).min(1, 'names no country')).optional(),
    LOG_LEVEL: z.enum(logLevels, `must be out of: ${logLevels.join(', ')}`).default('info'),
  });
}

/** The names of all variables that are read: a slip in a name is found by them, and `.env.example` shows each. */
export const settingNames = [...Object.keys(schema(false, false).shape), ...smsSettingNames, ...providerSettingNames];

/**
 * Reads and checks all settings. Outside production, absent secrets are made and kept in the folder `DATA_DIR`.
 * @param env as `process.env`; an empty variable counts as absent
 * @throws InvalidSettings naming all faults at once
 */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const production = given.NODE_ENV === 'production';
  const result = schema(production, given.JWT_KEY_FILES !== undefined).safeParse(given);
  const faultsOf = (error: z.ZodError, missing?: string) => faultLines(error, given, missing);
  const { sms, faults: smsFaults } = readSmsSettings(
    given,
    { production, dataDir: given.DATA_DIR ?? defaultDataDir },
    faultsOf,
  );
  const faults = [
    ...(result.success ? [] : faultsOf(result.error)),
    ...faultsBetween(given, result.data),
    ...smsFaults,
  ];
  if (!result.success || sms === undefined || faults.length > 0) throw new InvalidSettings(faults);

  const values = result.data;
  const secret = (ring: string[] | undefined, name: string) => ring ?? [developmentSecret(values.DATA_DIR, name)];
  return {
    production,
    development: (values.NODE_ENV ?? 'development') === 'development',
    host: values.HOST,
    port: values.PORT,
    dataDir: values.DATA_DIR,
    database: values.DATABASE_URL ?? { kind: 'sqlite', file: join(values.DATA_DIR, 'hodi.sqlite') },
    secretKeys: secret(values.SECRET_KEY, 'secret-key'),
    jwtSecrets: values.JWT_KEY_FILES.length > 0 ? (values.JWT_SECRET ?? []) : secret(values.JWT_SECRET, 'jwt-secret'),
    jwtIssuer: values.JWT_ISSUER,
    jwtAudience: values.JWT_AUDIENCE,
    jwtKeys: values.JWT_KEY_FILES,
    jwtAlgorithm: values.JWT_ALGORITHM ?? algorithmOf(values.JWT_KEY_FILES[0]),
    accessTokenClaims: values.ACCESS_TOKEN_CLAIMS,
    simplejwt: values.SIMPLEJWT_SECRET
      ? {
          secret: values.SIMPLEJWT_SECRET,
          userIdClaim: values.SIMPLEJWT_USER_ID_CLAIM,
          maxLifeSeconds: values.SIMPLEJWT_MAX_LIFE_SECONDS,
        }
      : undefined,
    accessTokenTtlSeconds: values.ACCESS_TOKEN_TTL_SECONDS,
    refreshTokenIdleSeconds: values.REFRESH_TOKEN_IDLE_SECONDS,
    refreshTokenMaxSeconds: values.REFRESH_TOKEN_MAX_SECONDS,
    otpTtlSeconds: values.OTP_TTL_SECONDS,
    otpMaxAttempts: values.OTP_MAX_ATTEMPTS,
    otpResendSeconds: values.OTP_RESEND_SECONDS,
    sms: { ...sms, publicUrl: values.PUBLIC_URL },
    redisUrl: values.REDIS_URL,
    throttleLimit: values.THROTTLE_LIMIT,
    throttleTtlSeconds: values.THROTTLE_TTL_SECONDS,
    trustedProxies: values.TRUSTED_PROXIES,
    corsOrigins: values.CORS_ORIGINS,
    publicUrl: values.PUBLIC_URL,
    apiDocs: values.API_DOCS === 'on',
    shutdownDrainSeconds: values.SHUTDOWN_DRAIN_SECONDS,
    phoneDefaultRegion: values.PHONE_DEFAULT_REGION,
    phoneCountries: values.PHONE_COUNTRIES,
    logLevel: values.LOG_LEVEL,
  };
}

const secretNames = ['SECRET_KEY', 'JWT_SECRET'];

/** One line a variable: absent ones say so, bad ones say what would be right. */
function faultLines(
  error: z.ZodError,
  given: Record<string, string | undefined>,
  missing = 'is missing, and production has no default for it',
): string[] {
  const lines = error.issues.map(({ path, message }) => {
    const name = String(path[0]);
    const remedy = secretNames.includes(name) ? '; make one with: openssl rand -base64 48' : '';
    return `${name}: ${given[name] === undefined ? missing + remedy : message}`;
  });
  return [...new Set(lines)];
}

function faultsBetween(
  given: Record<string, string | undefined>,
  values?: {
    REFRESH_TOKEN_IDLE_SECONDS: number;
    REFRESH_TOKEN_MAX_SECONDS: number;
    JWT_ALGORITHM?: JwtAlgorithm;
    JWT_KEY_FILES: KeyObject[];
    JWT_SECRET?: string[];
  },
): string[] {
  const idleOverMax = values && values.REFRESH_TOKEN_IDLE_SECONDS > values.REFRESH_TOKEN_MAX_SECONDS;
  return [
    ...(keyless(values) ? ['JWT_ALGORITHM: no key of that algorithm is given by JWT_SECRET or JWT_KEY_FILES'] : []),
    ...sharedSecretFaults(given),
    ...(idleOverMax ? ['REFRESH_TOKEN_IDLE_SECONDS: is longer than REFRESH_TOKEN_MAX_SECONDS'] : []),
  ];
}

function keyless(values?: {
  JWT_ALGORITHM?: JwtAlgorithm;
  JWT_KEY_FILES: KeyObject[];
  JWT_SECRET?: string[];
}): boolean {
  if (values?.JWT_ALGORITHM === undefined) return false;
  const { JWT_ALGORITHM: wanted, JWT_KEY_FILES: keys, JWT_SECRET: secrets } = values;
  // Without any key, development makes a secret.
  if (wanted === 'HS256') return secrets === undefined && keys.length > 0;
  return !keys.some((key) => algorithmOf(key) === wanted);
}
