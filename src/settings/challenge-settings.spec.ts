import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidSettings } from './invalid-settings';
import { readSettings } from './settings';

const DATA_DIR = mkdtempSync(join(tmpdir(), 'hodi-challenge-'));
const read = (env: NodeJS.ProcessEnv) => readSettings({ DATA_DIR, ...env }).challenge;

function faultsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    read(env);
  } catch (error) {
    if (error instanceof InvalidSettings) return error.faults;
    throw error;
  }
  return [];
}

const keys = { CAPTCHA_SECRET: '0x4AAAAAAA-secret', CAPTCHA_SITE_KEY: '0x4AAAAAAA' };

it.each(['turnstile', 'hcaptcha', 'recaptcha'])('%s is read with its keys', (name) => {
  expect(read({ CAPTCHA_MODE: 'always', CAPTCHA_PROVIDER: name, ...keys })).toEqual({
    mode: 'always',
    provider: { name, secret: keys.CAPTCHA_SECRET, siteKey: keys.CAPTCHA_SITE_KEY },
  });
});

it('challenges that are off need no keys', () => {
  expect(read({ CAPTCHA_MODE: 'off', CAPTCHA_PROVIDER: 'turnstile' })).toMatchObject({ mode: 'off' });
});

it.each<[string, NodeJS.ProcessEnv, string[]]>([
  ['an unknown mode', { CAPTCHA_MODE: 'on' }, ['CAPTCHA_MODE: must be out of: off, risk, always']],
  [
    ...(['an unknown provider', { CAPTCHA_PROVIDER: 'friendly' }] as const),
    ['CAPTCHA_PROVIDER: must be out of: altcha, turnstile, hcaptcha, recaptcha'],
  ],
  [
    ...(['a provider without keys', { CAPTCHA_PROVIDER: 'hcaptcha' }] as const),
    [
      'CAPTCHA_SECRET: is missing, and the provider hcaptcha needs it',
      'CAPTCHA_SITE_KEY: is missing, and the provider hcaptcha needs it',
    ],
  ],
  [
    ...(['a secret with a line break', { CAPTCHA_PROVIDER: 'turnstile', ...keys, CAPTCHA_SECRET: 'a\nb' }] as const),
    ['CAPTCHA_SECRET: holds white space or characters that are not ASCII'],
  ],
  [
    ...([
      'the secret of something else',
      { CAPTCHA_SECRET: 'k'.repeat(40), SMS_RECEIPT_TOKEN: 'k'.repeat(40) },
    ] as const),
    ['CAPTCHA_SECRET: shares a key with SMS_RECEIPT_TOKEN; each needs its own'],
  ],
])('refuses %s', (_name, env, faults) => {
  expect(faultsOf(env)).toEqual(faults);
});
