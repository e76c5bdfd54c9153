import type { FastifyRequest } from 'fastify';
import ipaddr from 'ipaddr.js';
import { BlockList, isIP, isIPv6 } from 'node:net';

/**
 * Reads an address strictly, with or without a port: `203.0.113.8:4711`, `[2001:db8::1]:443`, `[2001:db8::1]`.
 *
 * @returns the one text of this address: IPv4 for an IPv4-mapped address, RFC 5952 for IPv6, without a zone;
 * undefined for what is no address. `010.1.2.3` is none: some read it as octal, others as decimal.
 */
export function parseAddress(text: string): string | undefined {
  const [, inBrackets, dotted] = /^(?:\[([^\]]*)\]|([\d.]+))(?::\d{1,5})?$/.exec(text.trim()) ?? [];
  const [address = ''] = (inBrackets ?? dotted ?? text.trim()).split('%');
  return isIP(address) === 0 ? undefined : ipaddr.process(address).toString();
}

/** The networks whose word about a caller's address is believed. */
export class TrustedProxies {
  private readonly networks = new BlockList();

  /** @param cidrs such as `10.0.0.0/8` */
  constructor(cidrs: readonly string[]) {
    for (const cidr of cidrs) {
      const [network = '', prefix] = cidr.split('/');
      this.networks.addSubnet(network, Number(prefix), familyOf(network));
    }
  }

  /**
   * Whether an address is in one of the networks.
   * @param address as `parseAddress` returns it
   */
  trusts(address: string): boolean {
    return this.networks.check(address, familyOf(address));
  }
}

const familyOf = (address: string) => (isIPv6(address) ? 'ipv6' : 'ipv4');

export interface ClientAddress {
  /** The caller's own, as `parseAddress` returns it: for records. Empty if it cannot be told. */
  own: string;
  /** The same, or the address of the proxy that could not tell it: for limits, which must hold for every caller. */
  nearest: string;
}

/**
 * Walks from our side of `X-Forwarded-For` to the caller's: each trusted proxy is believed about the hop before it. A hop
 * that cannot be read ends the walk at the proxy that named it, since all before that hop may be the caller's own words.
 *
 * @param peer the address of the connection; undefined if the connection is closed
 * @param forwarded the header, hops separated by commas
 */
export function addressOf(
  peer: string | undefined,
  forwarded: string | undefined,
  proxies: TrustedProxies,
): ClientAddress {
  const hops = [...(forwarded?.split(',') ?? []), peer ?? ''].reverse();
  let nearest = '';
  for (const hop of hops) {
    const address = parseAddress(hop);
    if (address === undefined) return { own: '', nearest };
    nearest = address;
    if (!proxies.trusts(address)) break;
  }
  return { own: nearest, nearest };
}

const addresses = new WeakMap<object, ClientAddress>();

/**
 * Reads where a request comes from, and keeps it for `clientAddress`. To be called once a request, while its connection is
 * surely open: a closed one has no address.
 */
export function noteClientAddress({ raw, headers }: FastifyRequest, proxies: TrustedProxies): void {
  const forwarded = headers['x-forwarded-for'];
  addresses.set(raw, addressOf(raw.socket.remoteAddress, forwarded && [forwarded].flat().join(), proxies));
}

/**
 * Where a request comes from. No other form of an address is a key, a record or a log field.
 * @returns empty addresses before `noteClientAddress`
 */
export function clientAddress({ raw }: FastifyRequest): ClientAddress {
  return addresses.get(raw) ?? { own: '', nearest: '' };
}
