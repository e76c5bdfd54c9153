import type { z } from 'zod';
import { africastalking } from './transport/africastalking.settings';
import { beem } from './transport/beem.settings';
import { infobip } from './transport/infobip.settings';
import { kannel } from './transport/kannel.settings';
import { smpp } from './transport/smpp.settings';
import { sns } from './transport/sns.settings';
import { twilio } from './transport/twilio.settings';
import { vonage } from './transport/vonage.settings';
import { webhook } from './transport/webhook.settings';

/** The variables of each provider, in the order in which messages and documentation list them. */
export const providerSettings = { africastalking, beem, twilio, vonage, infobip, sns, smpp, kannel, webhook };

export type ProviderName = keyof typeof providerSettings;
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
