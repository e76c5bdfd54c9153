import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import ipaddr from 'ipaddr.js';

/** Who is calling, as far as it may be kept: the network of the address, and what the client calls itself. */
export interface ClientInfo {
  /** IPv4 by /24, IPv6 by /48, in CIDR's first address; empty if it cannot be told. */
  ip: string;
  /** At most 200 characters. */
  userAgent: string;
}

export const Client = createParamDecorator((_data: unknown, context: ExecutionContext): ClientInfo => {
  const { ip, headers } = context.switchToHttp().getRequest<FastifyRequest>();
  return { ip: networkOf(ip), userAgent: [...(headers['user-agent'] ?? '')].slice(0, 200).join('') };
});

function networkOf(ip: string): string {
  if (!ipaddr.isValid(ip)) return '';
  const address = ipaddr.process(ip);
  const family = address.kind() === 'ipv4' ? ipaddr.IPv4 : ipaddr.IPv6;
  return family.networkAddressFromCIDR(`${address.toString()}/${address.kind() === 'ipv4' ? 24 : 48}`).toString();
}
