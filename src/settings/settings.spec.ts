import { mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { LimitSettings } from '../limit/limit-settings';
import { providerSettingNames } from '../sms/sms-provider-settings';
import { InvalidSettings } from './invalid-settings';
import { readSettings, type Settings } from './settings';
import { settingNames } from './variables';

const keys = [
  'uV0vJm3qk9T1bB6rXw8yZ4nC7eHfLs2PaDgQiKoM',
  'r9YtGh2LzKx5WqVb8NcMd3FpJs6TaEuRi1OoPlQw',
  'Zs3XdC5fVgB7hNjM9kLqA1wSeD2rFtG4yHuJ6iKo',
] as const;
const webhook = 'b3V0IG9mIGEgdGVzdCBvZiAzMiBieXRlcywgb25lIQ==';
const short = 'wR7pLq2ZxV9mTb4KcJ8nHs1GfDy6QaE';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hodi-settings-'));
});

const read = (env: NodeJS.ProcessEnv = {}) => together(readSettings({ DATA_DIR: folder, ...env }));

/** The settings of all features in one object, those about texts under `sms`. */
function together({ sms, dispatch, testNumber, challenge, numberLimit, ...parts }: Settings) {
  const {
    mode,
    http,
    database,
    key,
    token,
    simplejwt,
    session,
    account,
    otp,
    redis,
    throttle,
    limit,
    client,
    phone,
    log,
  } = parts;
  return {
    ...{ ...http, ...database, ...mode, ...key, ...token, ...simplejwt, ...session, ...account },
    ...{ ...otp, ...redis, ...throttle, ...client, ...phone, ...log },
    challenge,
    limit,
    numberLimit,
    sms: { ...sms, ...dispatch, ...testNumber },
  };
}

function refusal(env: NodeJS.ProcessEnv): InvalidSettings {
  try {
    read(env);
  } catch (error) {
    if (error instanceof InvalidSettings) return error;
    throw error;
  }
  throw new Error('these settings are accepted');
}

describe('defaults', () => {
  it('are those of the contract', () => {
    const { secretKeys, jwtSecrets, ...others } = read();
    expect([secretKeys.length, jwtSecrets.length]).toEqual([1, 1]);
    expect(others).toEqual({
      production: false,
      development: true,
      host: '127.0.0.1',
      port: 3000,
      dataDir: folder,
      database: { kind: 'sqlite', file: join(folder, 'hodi.sqlite') },
      jwtKeys: [],
      jwtAlgorithm: 'HS256',
      accessTokenClaims: [],
      dormantDays: 180,
      dormantPolicy: 'new_account',
      accessTokenTtlSeconds: 600,
      refreshTokenIdleSeconds: 2_592_000,
      refreshTokenMaxSeconds: 7_776_000,
      otpTtlSeconds: 300,
      numberLimit: {
        maxAttempts: 5,
        resendSeconds: 60,
        textsPerHour: 5,
        textsPerDay: 10,
        deviceTextsPerDay: 5,
        wrongPerDay: 10,
        wrongPerMonth: 30,
      },
      sms: {
        routes: new Map([['*', ['console']]]),
        providers: {},
        file: join(folder, 'sms.jsonl'),
        wording: { appName: 'Hodi', defaultLocale: 'en' },
        testNumbers: [],
        inFlight: 400,
      },
      challenge: { mode: 'risk', provider: { name: 'altcha' } },
      throttleLimit: 100,
      throttleTtlSeconds: 60,
      limit: expect.any(LimitSettings) as unknown,
      trustedProxies: [],
      lineTypes: ['mobile', 'fixed_line_or_mobile', 'fixed_line', 'voip'],
      corsOrigins: [],
      apiDocs: true,
      shutdownDrainSeconds: 0,
      logLevel: 'info',
    });
  });

  it('let a production process go on for 5 s after the signal to stop', () => {
    const env = {
      NODE_ENV: 'production',
      SECRET_KEY: keys[0],
      JWT_SECRET: keys[1],
      SMS_TRANSPORT: 'vonage',
      VONAGE_API_KEY: 'a',
      VONAGE_API_SECRET: 'b',
      VONAGE_SENDER: 'c',
    };
    expect(read(env)).toMatchObject({ production: true, development: false, shutdownDrainSeconds: 5 });
    expect(read({ ...env, SHUTDOWN_DRAIN_SECONDS: '0' }).shutdownDrainSeconds).toBe(0);
    expect(read({ NODE_ENV: 'test' })).toMatchObject({ development: false, shutdownDrainSeconds: 0 });
  });

  it('keep the data in .data', () => {
    const { dataDir, database, sms } = together(readSettings({ SECRET_KEY: keys[0], JWT_SECRET: keys[1] }));
    expect(dataDir).toBe('.data');
    expect(database).toEqual({ kind: 'sqlite', file: '.data/hodi.sqlite' });
    expect(sms.file).toBe('.data/sms.jsonl');
  });

  it('stand in for empty variables', () => {
    const empty = Object.fromEntries(settingNames.map((name) => [name, '']));
    expect(read({ ...empty, DATA_DIR: folder })).toEqual(read());
  });
});

describe('values', () => {
  it('are read as what they are', () => {
    const settings = read({
      HOST: '::',
      PORT: '65535',
      DATABASE_URL: 'mysql://hodi:p%40ss@db.hodi.test:3306/hodi',
      SMS_TRANSPORT: 'file, console',
      SMS_FILE: '/var/tmp/texts',
      OTP_TTL_SECONDS: '600',
      THROTTLE_LIMIT: '0',
      TRUSTED_PROXIES: '10.0.0.0/8, ::1/128',
      CORS_ORIGINS: 'https://app.hodi.test,http://localhost:5173',
      PHONE_DEFAULT_REGION: 'TZ',
      PHONE_COUNTRIES: 'TZ,KE',
      JWT_ISSUER: 'https://signin.hodi.test',
      JWT_AUDIENCE: 'app',
      REDIS_URL: 'rediss://:secret@redis.hodi.test:6380/1',
      LOG_LEVEL: 'silent',
    });
    expect(settings).toMatchObject({
      host: '::',
      port: 65_535,
      database: { kind: 'mysql', url: 'mysql://hodi:p%40ss@db.hodi.test:3306/hodi' },
      sms: { routes: new Map([['*', ['file', 'console']]]), file: '/var/tmp/texts' },
      otpTtlSeconds: 600,
      throttleLimit: 0,
      trustedProxies: ['10.0.0.0/8', '::1/128'],
      corsOrigins: ['https://app.hodi.test', 'http://localhost:5173'],
      phoneDefaultRegion: 'TZ',
      phoneCountries: ['TZ', 'KE'],
      jwtIssuer: 'https://signin.hodi.test',
      jwtAudience: 'app',
      redisUrl: 'rediss://:secret@redis.hodi.test:6380/1',
      logLevel: 'silent',
    });
  });

  it('name a SQLite file after sqlite:', () => {
    expect(read({ DATABASE_URL: 'sqlite:/srv/hodi.db' }).database).toEqual({ kind: 'sqlite', file: '/srv/hodi.db' });
  });

  it('keep the order of a key ring', () => {
    const settings = read({ SECRET_KEY: `${keys[2]}, ${keys[0]}`, JWT_SECRET: keys[1] });
    expect(settings).toMatchObject({ secretKeys: [keys[2], keys[0]], jwtSecrets: [keys[1]] });
  });
});

describe('secrets of development', () => {
  it('are made once, and are two', () => {
    const { secretKeys, jwtSecrets } = read();
    expect(read()).toMatchObject({ secretKeys, jwtSecrets });
    expect(secretKeys).not.toEqual(jwtSecrets);
    const bytes = [...secretKeys, ...jwtSecrets].map((key) => Buffer.from(key, 'base64url').length);
    expect(bytes).toEqual([48, 48]);
  });

  it('are others in another folder', () => {
    const { secretKeys } = read();
    expect(read({ DATA_DIR: join(folder, 'new', 'one') }).secretKeys).not.toEqual(secretKeys);
  });

  it('are for their owner only, and leave nothing else behind', () => {
    read();
    const modes = readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mode & 0o777]);
    expect(modes.sort()).toEqual([
      ['jwt-secret', 0o600],
      ['secret-key', 0o600],
    ]);
  });

  it('are not made where secrets are given', () => {
    read({ SECRET_KEY: keys[0], JWT_SECRET: keys[1] });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('are not made in production', () => {
    expect(() => read({ NODE_ENV: 'production' })).toThrow(InvalidSettings);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('refusals', () => {
  const from = (least: number, most: number) => `must be a whole number from ${least} to ${most}`;
  const everyKey = 'every key needs 32 bytes or more';
  const sample = 'is a sample value; make one with: openssl rand -base64 48';
  const cidrs = 'must be CIDRs, such as 10.0.0.0/8,::1/128';
  const origins = 'must be exact origins, such as https://app.hodi.test, without a path';
  const urls = 'must be sqlite:path/to/file or mysql://user:password@host:3306/name';
  const region = 'must be a two-letter country code that libphonenumber knows, such as TZ';
  const keyFile = 'file 1 holds no private key in PEM that is EC on P-256 or RSA of 2048 bits or more';
  const transportNames =
    'must be out of: console, file, africastalking, beem, twilio, vonage, infobip, sns, smpp, kannel, webhook';
  const claims = 'phone_number, phone_country, new_member, display_name, locale';
  const bad: [name: string, value: string, fault: string][] = [
    ['NODE_ENV', 'staging', 'must be development, test or production'],
    ['PORT', '65536', from(0, 65_535)],
    ['PORT', '-7', from(0, 65_535)],
    ['PORT', '80.5', from(0, 65_535)],
    ['PORT', '0x1F', from(0, 65_535)],
    ['SECRET_KEY', short, everyKey],
    ['SECRET_KEY', `${keys[0]},${short}`, everyKey],
    ['SECRET_KEY', ' , ', 'holds no key'],
    ['SECRET_KEY', `${keys[0]},${keys[2]}, ${keys[0]}`, 'names the same key twice'],
    ['SECRET_KEY', 'change-me-uV0vJm3qk9T1bB6rXw8yZ4nC7eHf', sample],
    ['SECRET_KEY', 'django-insecure-r9YtGh2LzKx5WqVb8NcMd3FpJs6', sample],
    ['SECRET_KEY', `${keys[0]},your-secret-key-of-thirty-two-bytes!`, sample],
    ['JWT_SECRET', 'a'.repeat(64), sample],
    ['JWT_SECRET', '12345678'.repeat(5), sample],
    ['JWT_SECRET', short, everyKey],
    ['JWT_SECRET', `${keys[1]},${keys[1]}`, 'names the same key twice'],
    ['ACCESS_TOKEN_TTL_SECONDS', '29', from(30, 86_400)],
    ['REFRESH_TOKEN_IDLE_SECONDS', '59', from(60, 31_536_000)],
    ['REFRESH_TOKEN_MAX_SECONDS', '31536001', from(60, 31_536_000)],
    ['JWT_KEY_FILES', '/marker/none.pem', keyFile],
    ['JWT_KEY_FILES', __filename, keyFile],
    ['JWT_ALGORITHM', 'none', 'must be out of: HS256, ES256, RS256'],
    ['JWT_ALGORITHM', 'ES256', 'no key of that algorithm is given by JWT_SECRET or JWT_KEY_FILES'],
    ['JWT_KEY_FILES', ',', 'names no file'],
    ['ACCESS_TOKEN_CLAIMS', 'phone_number,marker', `must be out of: ${claims}`],
    ['ACCOUNT_DORMANT_DAYS', '3651', from(0, 3_650)],
    ['ACCOUNT_DORMANT_DAYS', '-1', from(0, 3_650)],
    ['ACCOUNT_DORMANT_POLICY', 'none', 'must be out of: new_account, same_account'],
    ['SIMPLEJWT_SECRET', short, 'is shorter than 32 bytes'],
    ['SIMPLEJWT_MAX_LIFE_SECONDS', '31536001', from(60, 31_536_000)],
    ['OTP_TTL_SECONDS', '601', from(30, 600)],
    ['OTP_TTL_SECONDS', '29', from(30, 600)],
    ['OTP_MAX_ATTEMPTS', '0', from(1, 10)],
    ['OTP_MAX_ATTEMPTS', '11', from(1, 10)],
    ['OTP_RESEND_SECONDS', 'soon', from(1, 600)],
    ['OTP_RESEND_SECONDS', '601', from(1, 600)],
    ['OTP_TEXTS_PER_HOUR', '1001', from(0, 1000)],
    ['OTP_TEXTS_PER_DAY', '-1', from(0, 1000)],
    ['OTP_DEVICE_TEXTS_PER_DAY', '101', from(0, 100)],
    ['OTP_WRONG_PER_DAY', '1001', from(0, 1000)],
    ['OTP_WRONG_PER_MONTH', 'none', from(0, 1000)],
    ['SMS_TRANSPORT', 'pigeon', transportNames],
    ['SMS_TRANSPORT', 'console,pigeon', transportNames],
    ['SMS_TRANSPORT', ',', 'names no transport, or one twice'],
    ['REDIS_URL', 'http://redis.marker:1', 'must be redis://host:6379 or rediss://host:6379'],
    ['REDIS_URL', 'redis.marker:1', 'must be redis://host:6379 or rediss://host:6379'],
    ['THROTTLE_LIMIT', '1e3', from(0, 1_000_000)],
    ['THROTTLE_TTL_SECONDS', '86401', from(1, 86_400)],
    ['TRUSTED_PROXIES', '10.9.8.7', cidrs],
    ['TRUSTED_PROXIES', '10.9.0.0/33', cidrs],
    ['TRUSTED_PROXIES', '2001:db8::/129', cidrs],
    ['TRUSTED_PROXIES', '256.0.0.0/8', cidrs],
    ['TRUSTED_PROXIES', '10.0.0.0/8,proxy.marker', cidrs],
    ['TRUSTED_PROXIES', '*', cidrs],
    ['TRUSTED_PROXIES', '0.0.0.0/0', cidrs],
    ['TRUSTED_PROXIES', '0.0.0.0/00', cidrs],
    ['TRUSTED_PROXIES', '::/000', cidrs],
    ['TRUSTED_PROXIES', '010.0.0.0/8', cidrs],
    ['TRUSTED_PROXIES', '10/8', cidrs],
    ['TRUSTED_PROXIES', '0x0a000000/8', cidrs],
    ['TRUSTED_PROXIES', 'fe80::1%eth0/64', cidrs],
    ['API_DOCS', 'maybe', 'must be on or off'],
    ['SHUTDOWN_DRAIN_SECONDS', '61', from(0, 60)],
    ['PUBLIC_URL', 'https://user@signin.hodi.test', 'must have no query'],
    ['CORS_ORIGINS', '*', origins],
    ['CORS_ORIGINS', 'https://*.marker.test', origins],
    ['CORS_ORIGINS', 'https://marker.test,*', origins],
    ['CORS_ORIGINS', 'https://marker.test/', origins],
    ['CORS_ORIGINS', 'https://marker.test/path', origins],
    ['CORS_ORIGINS', 'https://marker.test?query', origins],
    ['CORS_ORIGINS', 'https://user@marker.test', origins],
    ['CORS_ORIGINS', 'https://marker.test:443', origins],
    ['CORS_ORIGINS', 'marker.test', origins],
    ['CORS_ORIGINS', 'ftp://marker.test', origins],
    ['CORS_ORIGINS', 'null', origins],
    ['DATABASE_URL', 'postgres://marker:marker@db.marker/marker', urls],
    ['DATABASE_URL', 'marker.sqlite', urls],
    ['DATABASE_URL', 'mysql://marker:pass@db.marker:99999/marker', urls],
    ['DATABASE_URL', 'mysql:///marker', urls],
    ['DATABASE_URL', 'sqlite:', urls],
    ['DATABASE_URL', 'mysql://marker:marker@db.marker:3306', 'lacks the name of the database after the host'],
    ['DATABASE_URL', 'mysql://marker:marker@db.marker:3306/', 'lacks the name of the database after the host'],
    ['PHONE_DEFAULT_REGION', 'XX', region],
    ['PHONE_DEFAULT_REGION', 'tz', region],
    ['PHONE_DEFAULT_REGION', '001', region],
    ['PHONE_COUNTRIES', 'TZ,Kenya', region],
    ['PHONE_COUNTRIES', 'constructor', region],
    ['LOG_LEVEL', 'loud', 'must be out of: fatal, error, warn, info, debug, trace, silent'],
  ];

  it.each(bad)('name %s for %j, and nothing else', (name, value, fault) => {
    expect(refusal({ [name]: value }).message).toBe(
      `These settings must be fixed before Hodi can start:\n  ${name}: ${fault}`,
    );
  });

  it('name what is wrong between two settings', () => {
    expect(refusal({ SECRET_KEY: `${keys[2]},${keys[0]}`, JWT_SECRET: `${keys[1]},${keys[2]}` }).faults).toEqual([
      'JWT_SECRET: shares a key with SECRET_KEY; each needs its own',
    ]);
    expect(refusal({ REFRESH_TOKEN_IDLE_SECONDS: '3601', REFRESH_TOKEN_MAX_SECONDS: '3600' }).faults).toEqual([
      'REFRESH_TOKEN_IDLE_SECONDS: is longer than REFRESH_TOKEN_MAX_SECONDS',
    ]);
  });

  it.each<[name: string, value: string, other: string, shared: string]>([
    ['JWT_SECRET', keys[0], 'SECRET_KEY', keys[0]],
    ['SIMPLEJWT_SECRET', keys[0], 'SECRET_KEY', `${keys[1]},${keys[0]}`],
    ['SIMPLEJWT_SECRET', keys[0], 'JWT_SECRET', keys[0]],
    ['SIMPLEJWT_SECRET', ` ${keys[0]} `, 'JWT_SECRET', `${keys[1]}, ${keys[0]}`],
    ['SMS_RECEIPT_TOKEN', keys[0], 'SECRET_KEY', keys[0]],
    ['SMS_RECEIPT_TOKEN', keys[0], 'JWT_SECRET', keys[0]],
    ['SMS_RECEIPT_TOKEN', keys[0], 'SIMPLEJWT_SECRET', keys[0]],
    ['SMS_WEBHOOK_SECRET', `whsec_${webhook}`, 'SECRET_KEY', webhook],
    ['SMS_WEBHOOK_SECRET', `whsec_${webhook}`, 'JWT_SECRET', `whsec_${webhook}`],
    ['VONAGE_SIGNATURE_SECRET', keys[0], 'JWT_SECRET', keys[0]],
    ['TWILIO_AUTH_TOKEN', keys[0], 'SECRET_KEY', keys[0]],
    ['KANNEL_PASSWORD', keys[0], 'SMS_RECEIPT_TOKEN', keys[0]],
  ])('name %s whose %j is in %s as well', (name, value, other, shared) => {
    expect(refusal({ [name]: value, [other]: shared }).faults).toEqual([
      `${name}: shares a key with ${other}; each needs its own`,
    ]);
  });

  it('are none for secrets that differ', () => {
    read({
      SECRET_KEY: keys[0],
      JWT_SECRET: keys[1],
      SIMPLEJWT_SECRET: keys[2],
      SMS_RECEIPT_TOKEN: keys[2].slice(1) + 'x',
    });
  });

  it('name all bad settings at once, and echo none', () => {
    const free = ['HOST', 'DATA_DIR', 'JWT_ISSUER', 'JWT_AUDIENCE', 'SIMPLEJWT_USER_ID_CLAIM', 'SMS_FILE'];
    // Read only where SMS_TRANSPORT or SMS_ROUTES, which are bad here, name them.
    free.push('SMS_APP_NAME', ...providerSettingNames);
    free.push('CAPTCHA_SECRET', 'CAPTCHA_SITE_KEY');
    const { message, faults } = refusal(Object.fromEntries(settingNames.map((name) => [name, 'marker'])));
    const named = new Set(faults.map((fault) => fault.slice(0, fault.indexOf(':'))));
    expect([...named, ...free].sort()).toEqual([...settingNames].sort());
    expect(message).not.toContain('marker');
    expect(message.split('\n').slice(1)).toEqual(faults.map((fault) => `  ${fault}`));
  });

  it('come before a secret of development is made', () => {
    expect(() => read({ PORT: 'marker' })).toThrow(InvalidSettings);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('production', () => {
  const complete = { NODE_ENV: 'production', SECRET_KEY: keys[0], JWT_SECRET: keys[1] };
  const missing = 'is missing, and production has no default for it';
  const revealing = 'shows codes to anyone at the machine (console, file): not for production';

  it('has no default for secrets and transports', () => {
    const secret = `${missing}; make one with: openssl rand -base64 48`;
    const faults = [`SECRET_KEY: ${secret}`, `JWT_SECRET: ${secret}`, `SMS_TRANSPORT: ${missing}`];
    expect(refusal({ NODE_ENV: 'production' }).faults).toEqual(faults);
    expect(refusal({ NODE_ENV: 'production', SECRET_KEY: '', JWT_SECRET: '', SMS_TRANSPORT: '' }).faults).toEqual(
      faults,
    );
  });

  it.each(['console', 'file', 'file,console'])('refuses %s for texts', (transport) => {
    expect(refusal({ ...complete, SMS_TRANSPORT: transport }).faults).toEqual([`SMS_TRANSPORT: ${revealing}`]);
  });

  it.each([
    ['OTP_MAX_ATTEMPTS', '6', 'from 1 to 5'],
    ['OTP_RESEND_SECONDS', '29', 'from 30 to 600'],
    ['OTP_WRONG_PER_DAY', '0', 'from 5 to 1000'],
    ['OTP_WRONG_PER_DAY', '4', 'from 5 to 1000'],
    ['OTP_WRONG_PER_MONTH', '0', 'from 5 to 1000'],
  ])('refuses %s=%s, with which codes can be guessed', (name, value, range) => {
    const { faults } = refusal({ ...complete, [name]: value });
    expect(faults).toContain(`${name}: must be a whole number ${range}`);
  });

  it.each([
    ['OTP_MAX_ATTEMPTS', '5'],
    ['OTP_RESEND_SECONDS', '30'],
    ['OTP_WRONG_PER_DAY', '5'],
    ['OTP_WRONG_PER_MONTH', '5'],
  ])('takes %s=%s', (name, value) => {
    expect(refusal({ ...complete, [name]: value }).faults).toEqual([`SMS_TRANSPORT: ${missing}`]);
  });

  it('needs nothing but secrets and a transport', () => {
    expect(refusal(complete).faults).toEqual([`SMS_TRANSPORT: ${missing}`]);
  });
});

describe('.env.example', () => {
  const text = readFileSync(join(__dirname, '../../.env.example'), 'utf8');

  it('names every setting once, and no other', () => {
    const names = text.split('\n').flatMap((line) => /^#?\s?([A-Z_]+)=/.exec(line)?.[1] ?? []);
    expect(names.sort()).toEqual([...settingNames].sort());
  });

  it('is accepted as it is, and says what the defaults are', () => {
    expect(read({ ...parseEnv(text), DATA_DIR: folder })).toEqual(read());
  });

  it('is accepted with what is commented out', () => {
    const all = parseEnv(text.replace(/^# (?=[A-Z_]+=)/gm, ''));
    expect(Object.keys(all).sort()).toEqual([...settingNames].sort());
    expect(read({ ...all, DATA_DIR: folder })).toMatchObject({
      database: { kind: 'sqlite', file: '.data/hodi.sqlite' },
      sms: { file: '.data/sms.jsonl' },
      phoneDefaultRegion: 'TZ',
      trustedProxies: ['10.0.0.0/8', '::1/128'],
      corsOrigins: ['https://app.hodi.test'],
    });
  });
});
