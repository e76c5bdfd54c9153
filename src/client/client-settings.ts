import { isIP, isIPv6 } from 'node:net';
import { httpsUrl, list, type Values } from '../variable/variable-kinds';

/** Strict, as callers' addresses are: `010.0.0.0/8` is 8.0.0.0/8 to some readers, and `/0` is everybody. */
function isCidr(text: string): boolean {
  const [, network = '', prefix = ''] = /^([^/%]+)\/([1-9]\d{0,2})$/.exec(text) ?? [];
  return isIP(network) !== 0 && Number(prefix) <= (isIPv6(network) ? 128 : 32);
}

export const clientVariables = {
  TRUSTED_PROXIES: list.refine((items) => items.every(isCidr), 'must be CIDRs, such as 10.0.0.0/8,::1/128').default([]),
  PUBLIC_URL: httpsUrl
    .refine((text) => !/[?#@\s]/.test(text), 'must have no query')
    .transform((text) => text.replace(/\/+$/, ''))
    .optional(),
};

/** By which way clients reach this service. */
export class ClientSettings {
  /** CIDRs. */
  readonly trustedProxies: string[];
  /** Where the world reaches this service: with the path that a proxy takes off, without a slash at its end. */
  readonly publicUrl?: string;

  constructor({ TRUSTED_PROXIES, PUBLIC_URL }: Values<typeof clientVariables>) {
    this.trustedProxies = TRUSTED_PROXIES;
    this.publicUrl = PUBLIC_URL;
  }
}
