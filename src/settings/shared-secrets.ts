import { list, type GivenVariables } from '../variable/variable-kinds';
import { providerSettingNames } from '../sms/sms-provider-settings';

/** The service's own come first: a fault names the later variable. */
const secretNames = [
  'SECRET_KEY',
  'JWT_SECRET',
  'SIMPLEJWT_SECRET',
  'SMS_RECEIPT_TOKEN',
  'CAPTCHA_SECRET',
  ...providerSettingNames.filter((name) => /_(KEY|SECRET|TOKEN|PASSWORD)$/.test(name)),
];

const keyRings = new Set(['SECRET_KEY', 'JWT_SECRET']);

/** Shorter ones are no key of the service: each of those is refused below this length. */
const leastLength = 32;

/**
 * Finds secrets that have two purposes: who holds one for the first purpose could use it for the other.
 * @param given variables as they stand in the environment
 * @returns a line for each pair of variables that share a secret; no secret is in it
 */
export function sharedSecretFaults(given: GivenVariables): string[] {
  const secrets = secretNames.map((name) => ({ name, keys: keysOf(name, given[name]) }));
  return secrets.flatMap(({ name, keys }, place) =>
    secrets
      .slice(0, place)
      .filter((other) => other.keys.some((key) => keys.includes(key)))
      .map((other) => `${name}: shares a key with ${other.name}; each needs its own`),
  );
}

/** A webhook's secret is compared without its prefix, which is no part of the key. */
function keysOf(name: string, value = ''): string[] {
  const keys = keyRings.has(name) ? list.parse(value) : [value.trim()];
  return keys.map((key) => key.replace(/^whsec_/, '')).filter((key) => key.length >= leastLength);
}
