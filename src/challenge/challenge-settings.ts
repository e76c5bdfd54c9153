import { z } from 'zod';

const modes = ['off', 'risk', 'always'] as const;
/** When a client must solve a challenge: never, when its request is risky, or with each request for a code. */
export type ChallengeMode = (typeof modes)[number];

const siteverifyProviders = ['turnstile', 'hcaptcha', 'recaptcha'] as const;
/** Services that check a token by their API `siteverify`. */
export type SiteverifyProvider = (typeof siteverifyProviders)[number];

const providers = ['altcha', ...siteverifyProviders] as const;

/** Who makes and checks challenges: this service by itself (ALTCHA), or a provider with the keys of an account there. */
export type ChallengeProvider = { name: 'altcha' } | { name: SiteverifyProvider; secret: string; siteKey: string };

/** When challenges are demanded, and who makes and checks them. */
export class ChallengeSettings {
  constructor(
    readonly mode: ChallengeMode,
    readonly provider: ChallengeProvider,
  ) {}
}

const key = z.string().regex(/^[\x21-\x7e]{1,500}$/, 'holds white space or characters that are not ASCII');

const general = z.object({
  CAPTCHA_MODE: z.enum(modes, `must be out of: ${modes.join(', ')}`).default('risk'),
  CAPTCHA_PROVIDER: z.enum(providers, `must be out of: ${providers.join(', ')}`).default('altcha'),
  CAPTCHA_SECRET: key.optional(),
  CAPTCHA_SITE_KEY: key.optional(),
});

const withKeys = z.object({ CAPTCHA_SECRET: key, CAPTCHA_SITE_KEY: key });

/** The names of all variables about challenges. */
export const challengeSettingNames = Object.keys(general.shape);

/**
 * Reads and checks the settings about challenges.
 * @param env without empty variables
 * @param faultsOf words the faults of a zod object, one line a variable
 * @returns the settings, or the lines of all faults
 */
export function readChallengeSettings(
  env: Readonly<Record<string, string | undefined>>,
  faultsOf: (error: z.ZodError, missing?: string) => string[],
): { challenge?: ChallengeSettings; faults: string[] } {
  const { data: values, error } = general.safeParse(env);
  if (error) return { faults: faultsOf(error) };
  const { CAPTCHA_MODE: mode, CAPTCHA_PROVIDER: name } = values;
  if (name === 'altcha' || mode === 'off')
    return { challenge: new ChallengeSettings(mode, { name: 'altcha' }), faults: [] };
  const keys = withKeys.safeParse(env);
  if (keys.error) return { faults: faultsOf(keys.error, `is missing, and the provider ${name} needs it`) };
  const { CAPTCHA_SECRET: secret, CAPTCHA_SITE_KEY: siteKey } = keys.data;
  return { challenge: new ChallengeSettings(mode, { name, secret, siteKey }), faults: [] };
}
