import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import ipaddr from 'ipaddr.js';
import { isIPv6 } from 'node:net';
import { clientAddress } from './client-address';

/** Who is calling. Only `ip` and `userAgent` may be kept: the network of the address, and what the client calls itself. */
export interface ClientInfo {
  /** IPv4 by /24, IPv6 by /48, in CIDR's first address; empty if it cannot be told. */
  ip: string;
  /** At most 200 characters. */
  userAgent: string;
  /** For limits: IPv4 whole, IPv6 by /64 (RFC 6177: one client has all of it); that of a proxy that cannot tell. */
  address: string;
  /** `X-Device-Token`, as it came. */
  deviceToken?: string;
}

/** Marks a device that has signed in before; also the name of the reply's header, whatever its case. */
export const deviceTokenHeader = 'x-device-token';

/** `@Client() client: ClientInfo` for a parameter of a route. */
export const Client = createParamDecorator((_data: unknown, context: ExecutionContext): ClientInfo => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  const { headers } = request;
  return {
    ip: clientNetwork(request),
    userAgent: [...(headers['user-agent'] ?? '')].slice(0, 200).join(''),
    address: countedNetwork(clientAddress(request).nearest),
    deviceToken: [headers[deviceTokenHeader]].flat()[0],
  };
});

/** @returns the network that may be kept of a request's address: see `ClientInfo.ip` */
export const clientNetwork = (request: FastifyRequest) => networkOf(clientAddress(request).own);

/** @returns the network that may be kept of an address: see `ClientInfo.ip` */
export function networkOf(address: string): string {
  if (address === '') return '';
  return isIPv6(address)
    ? ipaddr.IPv6.networkAddressFromCIDR(`${address}/48`).toString()
    : ipaddr.IPv4.networkAddressFromCIDR(`${address}/24`).toString();
}

/**
 * What a client's requests are counted by: one client has a whole /64 of IPv6 (RFC 6177).
 * @param address as `clientAddress` tells it
 * @returns an IPv4 address as it is, such as `203.0.113.8`; of IPv6 the /64, such as `2001:db8:1:2::`
 */
export function countedNetwork(address: string): string {
  return isIPv6(address) ? ipaddr.IPv6.networkAddressFromCIDR(`${address}/64`).toString() : address;
}
