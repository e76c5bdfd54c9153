import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidSettings } from './invalid-settings';
import { readSettings } from './settings';

const folder = mkdtempSync(join(tmpdir(), 'hodi-sms-settings-'));
const keys = {
  SECRET_KEY: 'uV0vJm3qk9T1bB6rXw8yZ4nC7eHfLs2PaDgQiKoM',
  JWT_SECRET: 'r9YtGh2LzKx5WqVb8NcMd3FpJs6TaEuRi1OoPlQw',
};
const production = { NODE_ENV: 'production', ...keys };
const read = (env: NodeJS.ProcessEnv) => {
  const { sms, testNumber } = readSettings({ DATA_DIR: folder, ...keys, ...env });
  return { sms: { ...sms, ...testNumber } };
};

function faults(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    read(env);
  } catch (error) {
    if (error instanceof InvalidSettings) return error.faults;
    throw error;
  }
  return [];
}

/** Every provider with all that it needs and nothing else. */
const complete: Record<string, NodeJS.ProcessEnv> = {
  africastalking: { AFRICASTALKING_USERNAME: 'hodi', AFRICASTALKING_API_KEY: 'atsk_marker' },
  beem: { BEEM_API_KEY: 'key', BEEM_SECRET_KEY: 'secret', BEEM_SENDER: 'HODI' },
  twilio: { TWILIO_ACCOUNT_SID: `AC${'0a'.repeat(16)}`, TWILIO_AUTH_TOKEN: 'token', TWILIO_SENDER: '+15005550006' },
  vonage: { VONAGE_API_KEY: 'key', VONAGE_API_SECRET: 'secret', VONAGE_SENDER: 'Hodi' },
  infobip: { INFOBIP_URL: 'https://xyz.api.infobip.com', INFOBIP_API_KEY: 'key', INFOBIP_SENDER: 'Hodi' },
  sns: { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'secret' },
  smpp: { SMPP_URL: 'smpp://user:p%40ss@smsc.hodi.test', SMPP_SENDER: '15050' },
  kannel: { KANNEL_URL: 'http://10.0.0.5:13013/cgi-bin/sendsms', KANNEL_USERNAME: 'hodi', KANNEL_PASSWORD: 'secret' },
  webhook: {
    SMS_WEBHOOK_URL: 'https://gateway.hodi.test/sms',
    SMS_WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
  },
};
const providers = Object.keys(complete);

describe('the route of texts', () => {
  it.each<[string, NodeJS.ProcessEnv, [string, string[]][]]>([
    ['console, where nothing is said', {}, [['*', ['console']]]],
    ['the order of SMS_TRANSPORT', { SMS_TRANSPORT: 'file, console' }, [['*', ['file', 'console']]]],
    [
      'by country, with SMS_TRANSPORT for the others',
      { SMS_TRANSPORT: 'file', SMS_ROUTES: 'TZ:console>file, KE : console' },
      [
        ['TZ', ['console', 'file']],
        ['KE', ['console']],
        ['*', ['file']],
      ],
    ],
    ['that of * rather than SMS_TRANSPORT', { SMS_TRANSPORT: 'file', SMS_ROUTES: '*:console' }, [['*', ['console']]]],
  ])('is %s', (_what, env, routes) => expect([...read(env).sms.routes]).toEqual(routes));

  it('needs no SMS_TRANSPORT in production where * has a route', () => {
    const env = { ...production, SMS_ROUTES: 'TZ:beem>twilio,*:twilio', ...complete.beem, ...complete.twilio };
    expect([...read(env).sms.routes.keys()]).toEqual(['TZ', '*']);
    const fault = ['SMS_TRANSPORT: is missing, and production has no default for it'];
    expect(faults({ ...env, SMS_ROUTES: 'TZ:beem' })).toEqual(fault);
  });

  const routeFault =
    'SMS_ROUTES: must be countries with transports, each once, such as TZ:africastalking>beem,*:twilio';
  it.each([
    'TZ',
    'TZ:',
    ':console',
    'XX:console',
    'tz:console',
    'TZ:pigeon',
    'TZ:console>',
    'TZ:console>console',
    'TZ:console,TZ:file',
    'TZ:console:file',
    '*:console,*:file',
    'TZ>console',
  ])('cannot be %s', (routes) => expect(faults({ SMS_ROUTES: routes })).toEqual([routeFault]));

  it('names a transport once', () => {
    expect(faults({ SMS_TRANSPORT: 'file,file' })).toEqual(['SMS_TRANSPORT: names no transport, or one twice']);
  });

  it('has no transport in production that shows codes, for any country', () => {
    const fault = 'SMS_ROUTES: shows codes to anyone at the machine (console, file): not for production';
    const env = { ...production, ...complete.twilio, SMS_TRANSPORT: 'twilio' };
    expect(faults({ ...env, SMS_ROUTES: 'KE:twilio>file' })).toEqual([fault]);
  });
});

describe('the settings of a provider', () => {
  it.each(providers)('%s are enough for production', (name) => {
    const { sms } = read({ ...production, SMS_TRANSPORT: name, ...complete[name] });
    expect(Object.keys(sms.providers)).toEqual([name]);
  });

  const needed = providers.flatMap((name) => Object.keys(complete[name]!).map((variable) => [name, variable] as const));
  it.each(needed)('%s need %s, wherever it stands in a route', (name, variable) => {
    const env = { ...complete[name], [variable]: '' };
    const fault = [`${variable}: is missing, and the transport ${name} needs it`];
    expect(faults({ ...env, SMS_TRANSPORT: `console,${name}` })).toEqual(fault);
    expect(faults({ ...env, SMS_ROUTES: `TZ:console>${name}` })).toEqual(fault);
    expect(faults(env)).toEqual([]);
  });

  const https = 'must be an https:// address';
  const sender = 'must be a number, or a name of at most 11 letters and digits';
  const smpp = 'must be smpp://user:password@host:2775, or smpps:// for TLS';
  const secret = 'must be whsec_ and 24 bytes or more in base64; make one with: echo whsec_$(openssl rand -base64 32)';
  it.each([
    ['africastalking', 'AFRICASTALKING_URL', 'http://api.marker.test', https],
    ['africastalking', 'AFRICASTALKING_API_KEY', 'mar ker', 'holds white space or characters that are not ASCII'],
    ['africastalking', 'AFRICASTALKING_SENDER', 'a-name-too-long-marker', sender],
    ['beem', 'BEEM_SENDER', 'marker!', sender],
    ['beem', 'BEEM_SENDER', '12', sender],
    ['twilio', 'TWILIO_ACCOUNT_SID', 'marker', 'must be AC and 32 hex digits'],
    ['twilio', 'TWILIO_URL', 'ftp://marker', https],
    [
      'twilio',
      'TWILIO_SENDER',
      'MGmarker-marker',
      'must be a number, a name of at most 11 letters and digits, or the id of a messaging service (MG...)',
    ],
    ['vonage', 'VONAGE_SIGNATURE_METHOD', 'sha1', 'must be out of: sha256, sha512, md5hash'],
    ['vonage', 'VONAGE_SIGNATURE_SECRET', 'marker', 'is shorter than 10 characters'],
    ['infobip', 'INFOBIP_URL', 'marker.api.infobip.com', https],
    ['sns', 'AWS_REGION', 'marker', 'must be a region, such as eu-west-1'],
    ['smpp', 'SMPP_URL', 'http://marker:1', smpp],
    ['smpp', 'SMPP_URL', 'smpp://marker:2775', smpp],
    ['smpp', 'SMPP_ENQUIRE_LINK_SECONDS', '0', 'must be a whole number from 1 to 600'],
    ['smpp', 'SMPP_BIND', 'receiver', 'must be transceiver or transmitter'],
    ['smpp', 'SMPP_RECEIPT_IDS', 'octal', 'must be same or decimal'],
    ['smpp', 'SMPP_SYSTEM_TYPE', 'markermarkermarker', 'is longer than 12 characters'],
    ['kannel', 'KANNEL_URL', 'marker:13013', 'must be an http:// or https:// address'],
    ['webhook', 'SMS_WEBHOOK_URL', 'http://gateway.marker.test', https],
    ['webhook', 'SMS_WEBHOOK_SECRET', 'marker', secret],
    ['webhook', 'SMS_WEBHOOK_SECRET', `whsec_${Buffer.alloc(23, 7).toString('base64')}`, secret],
  ])('%s refuse %s for %j', (name, variable, value, fault) => {
    const env = { SMS_TRANSPORT: name, ...complete[name], [variable]: value };
    expect(faults(env)).toEqual([`${variable}: ${fault}`]);
  });

  it.each(['http://127.0.0.1:8080', 'http://localhost:8080', 'http://[::1]:8080'])('may lead to %s', (url) => {
    expect(faults({ SMS_TRANSPORT: 'twilio', ...complete.twilio, TWILIO_URL: url })).toEqual([]);
  });

  it.each(['15050', '+255679190720', 'Hodi', 'HODI-2', 'A & B Co.'])('may have the sender %s', (name) => {
    expect(faults({ SMS_TRANSPORT: 'vonage', ...complete.vonage, VONAGE_SENDER: name })).toEqual([]);
  });

  it('are faulted all at once, beside every other setting', () => {
    expect(faults({ PORT: 'marker', SMS_APP_NAME: 'Hodi 24', SMS_TRANSPORT: 'beem,twilio' })).toEqual([
      expect.stringMatching(/^PORT: /),
      expect.stringMatching(/^SMS_APP_NAME: /),
      ...[...Object.keys(complete.beem!), ...Object.keys(complete.twilio!)].map(
        (variable) => expect.stringMatching(`^${variable}: is missing`) as string,
      ),
    ]);
  });
});

describe('what texts say', () => {
  const name = 'must be at most 30 characters without digits, which phones would take for the code';
  const domain = 'must be a domain, such as app.hodi.test';
  it.each([
    ['SMS_APP_NAME', 'Hodi 24', name],
    ['SMS_APP_NAME', 'two\nlines', name],
    ['SMS_APP_NAME', 'x'.repeat(31), name],
    ['SMS_DEFAULT_LOCALE', 'de', 'must be out of: en, sw, fr, ar, pt'],
    ['SMS_BOUND_DOMAIN', 'https://app.hodi.test', domain],
    ['SMS_BOUND_DOMAIN', 'localhost', domain],
    ['SMS_BOUND_DOMAIN', 'app.hodi.test:8443', domain],
    ['SMS_BOUND_DOMAIN', `${'a'.repeat(60)}.test`, domain],
    ['SMS_ANDROID_HASH', 'FA+9qCX9VS', 'must be the 11 characters that Android’s AppSignatureHelper shows'],
    ['SMS_IN_FLIGHT', '0', 'must be a whole number from 1 to 2000'],
    ['SMS_IN_FLIGHT', '2001', 'must be a whole number from 1 to 2000'],
    ['SMS_HANDOVER_MILLISECONDS', '50', 'does nothing any more: remove it; SMS_IN_FLIGHT took its place'],
    ['SMS_RECEIPT_TOKEN', 'short', 'must be 32 to 128 letters and digits; make one with: openssl rand -hex 32'],
    ['PUBLIC_URL', 'http://signin.hodi.test', 'must be an https:// address'],
    ['PUBLIC_URL', 'https://signin.hodi.test/?a=b', 'must have no query'],
  ])('refuses %s for %j', (variable, value, fault) =>
    expect(faults({ [variable]: value })).toEqual([`${variable}: ${fault}`]),
  );

  it('takes a public address without the slash at its end', () => {
    expect(read({ PUBLIC_URL: 'https://hodi.test/signin/' }).sms.publicUrl).toBe('https://hodi.test/signin');
  });
});

describe('numbers with fixed codes', () => {
  const day = (ahead: number) => new Date(new Date().getTime() + ahead * 86_400_000).toISOString().slice(0, 10);
  const numbers = (count: number) =>
    Array.from({ length: count }, (_, index) => `+25575400000${index % 10}:123456:${day(30)}`).join();
  const form = 'must be numbers with a code and a last day, such as +255754000001:123456:2027-01-31';

  it('are read with the end of their last day', () => {
    expect(read({ OTP_TEST_NUMBERS: `+255754000001:000000:${day(90)}` }).sms.testNumbers).toEqual([
      { phoneNumber: '+255754000001', code: '000000', until: new Date(`${day(90)}T23:59:59.999Z`) },
    ]);
  });

  it.each([
    ['more than ten', numbers(10) + `,+255754000010:123456:${day(1)}`, 'names more than 10 numbers'],
    ['a day over 90 days ahead', `+255754000001:123456:${day(92)}`, 'names a day more than 90 days ahead'],
    ['no day', '+255754000001:123456', form],
    ['a day that there is not', '+255754000001:123456:2026-13-01', form],
    ['a code of five digits', `+255754000001:12345:${day(1)}`, form],
    ['letters', `+255754000001:ABCDEF:${day(1)}`, form],
    ['a number that there is not', `+255000000001:123456:${day(1)}`, form],
    ['a number with spaces', `+255 754 000 001:123456:${day(1)}`, form],
    ['a number twice', `${numbers(1)},${numbers(1)}`, 'names a number twice'],
  ])('are refused for %s', (_what, value, fault) =>
    expect(faults({ OTP_TEST_NUMBERS: value })).toEqual([`OTP_TEST_NUMBERS: ${fault}`]),
  );

  it('may be ten', () => expect(faults({ OTP_TEST_NUMBERS: numbers(10) })).toEqual([]));

  it('may be past: they do nothing any more, and keep nothing from starting', () => {
    expect(faults({ OTP_TEST_NUMBERS: '+255754000001:123456:2020-01-31' })).toEqual([]);
  });

  it('need a word of their own in production', () => {
    const env = { ...production, SMS_TRANSPORT: 'twilio', ...complete.twilio, OTP_TEST_NUMBERS: numbers(1) };
    const fault =
      'OTP_TEST_NUMBERS: has codes that do not change; production wants OTP_TEST_NUMBERS_IN_PRODUCTION=true beside it';
    expect(faults(env)).toEqual([fault]);
    expect(faults({ ...env, OTP_TEST_NUMBERS_IN_PRODUCTION: 'false' })).toEqual([fault]);
    expect(faults({ ...env, OTP_TEST_NUMBERS_IN_PRODUCTION: 'true' })).toEqual([]);
    expect(faults({ ...env, OTP_TEST_NUMBERS_IN_PRODUCTION: 'yes' })).toContain(
      'OTP_TEST_NUMBERS_IN_PRODUCTION: must be true or false',
    );
  });
});
