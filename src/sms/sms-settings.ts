import { join } from 'node:path';
import { z } from 'zod';
import type { RunMode } from '../variable/run-mode';
import type { GivenVariables, Values } from '../variable/variable-kinds';
import { isProvider, providerSettings, type ProviderSettings } from './sms-provider-settings';
import { routing, type SmsRoutes } from './sms-routes';
import { wordingSettings, wordingVariables, type SmsWordingSettings } from './wording-settings';

export const smsVariables = {
  SMS_FILE: z.string().optional(),
  ...wordingVariables,
  SMS_RECEIPT_TOKEN: z
    .string()
    .regex(/^[\w-]{32,128}$/, 'must be 32 to 128 letters and digits; make one with: openssl rand -hex 32')
    .optional(),
};

/** The names of the variables that say which transports carry texts. */
export const routingNames = Object.keys(routing(false).in.shape);

/** What is read before the rest: the transports in use, and what each of them needs. */
export interface SmsWays {
  routes: SmsRoutes;
  /** Of each provider that is in use. */
  providers: Partial<ProviderSettings>;
}

/** Everything about texts. */
export class SmsSettings implements SmsWays {
  readonly routes: SmsRoutes;
  readonly providers: Partial<ProviderSettings>;
  /** Where the transport `file` writes: a line of JSON for each text. */
  readonly file: string;
  readonly wording: SmsWordingSettings;
  /** What providers without signatures prove themselves by when they report. */
  readonly receiptToken?: string;
  /** Where providers reach this service: as in the settings about clients. */
  readonly publicUrl?: string;

  constructor(
    values: Values<typeof smsVariables>,
    { routes, providers }: SmsWays,
    { dataDir }: RunMode,
    publicUrl?: string,
  ) {
    this.routes = routes;
    this.providers = providers;
    this.file = values.SMS_FILE ?? join(dataDir, 'sms.jsonl');
    this.wording = wordingSettings(values);
    this.receiptToken = values.SMS_RECEIPT_TOKEN;
    this.publicUrl = publicUrl;
  }
}

/**
 * Reads the variables of the providers that texts are routed to; those of other providers may hold anything.
 * @param faultsOf words the faults of a zod object, one line a variable
 */
export function readProviders(
  routes: SmsRoutes,
  given: GivenVariables,
  faultsOf: (error: z.ZodError, missing?: string) => string[],
): { providers: Partial<ProviderSettings>; faults: string[] } {
  const providers: Record<string, unknown> = {};
  const faults: string[] = [];
  for (const name of new Set([...routes.values()].flat())) {
    if (!isProvider(name)) continue;
    const { data, error } = providerSettings[name].safeParse(given);
    if (error) faults.push(...faultsOf(error, `is missing, and the transport ${name} needs it`));
    providers[name] = data;
  }
  return { providers, faults };
}
