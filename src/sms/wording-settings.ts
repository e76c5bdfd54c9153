import { z } from 'zod';
import type { Values } from '../variable/variable-kinds';

export const smsLanguages = ['en', 'sw', 'fr', 'ar', 'pt'] as const;
export type SmsLanguage = (typeof smsLanguages)[number];

export const wordingVariables = {
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
};

/** What texts say. */
export interface SmsWordingSettings {
  /** What texts call the service. */
  appName: string;
  /** The website that a code is bound to. */
  boundDomain?: string;
  /** 11 characters by which Android finds the app that a text is for. */
  androidHash?: string;
  defaultLocale: SmsLanguage;
}

export function wordingSettings(values: Values<typeof wordingVariables>): SmsWordingSettings {
  return {
    appName: values.SMS_APP_NAME,
    boundDomain: values.SMS_BOUND_DOMAIN,
    androidHash: values.SMS_ANDROID_HASH,
    defaultLocale: values.SMS_DEFAULT_LOCALE,
  };
}
