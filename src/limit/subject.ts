import ipaddr from 'ipaddr.js';
import { isIPv6 } from 'node:net';

/** Whom a limit is for: the number that a code is asked for or guessed, and where the client is. */
export interface Subject {
  /** E.164. */
  phoneNumber: string;
  /** ISO 3166-1 alpha-2; absent for numbers of no country. */
  country?: string;
  /** As `countedNetwork` returns it. */
  network: string;
  /** Whether this device has signed in to this number before. */
  isKnownDevice: boolean;
}

/**
 * What a client's requests are counted by: one client has a whole /64 of IPv6 (RFC 6177).
 * @param address as `clientAddress` tells it
 * @returns an IPv4 address as it is, such as `203.0.113.8`; of IPv6 the /64, such as `2001:db8:1:2::`
 */
export function countedNetwork(address: string): string {
  return isIPv6(address) ? ipaddr.IPv6.networkAddressFromCIDR(`${address}/64`).toString() : address;
}

/** @returns the country and all digits but the last 6 of a number, such as `TZ:+255679`: 1,000,000 numbers at most */
export function prefixOf({ phoneNumber, country }: Pick<Subject, 'phoneNumber' | 'country'>): string {
  return `${country ?? '-'}:${phoneNumber.slice(0, -6)}`;
}
