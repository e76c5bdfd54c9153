import type { FastifyRequest } from 'fastify';

/** A host with or without a port, as it may stand in a link (RFC 9110 section 7.2): a name, an IPv4 or an IPv6 address. */
function isHost(text: string): boolean {
  return /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i.test(text) && URL.canParse(`http://${text}`);
}

/**
 * Whether a request has one `Host` (RFC 9112 section 3.2) that is a host, and what a trusted proxy forwards in its place,
 * `X-Forwarded-Host` and `X-Forwarded-Proto`, is a host and a scheme. Only HTTP/1.0 may come without.
 */
export function hasProperHost({ raw, host, protocol }: FastifyRequest): boolean {
  const given = raw.headersDistinct.host ?? [];
  if (!/^https?$/i.test(protocol)) return false;
  if (given.length === 0 && host === '') return raw.httpVersion !== '1.1';
  return given.length < 2 && given.every(isHost) && isHost(host);
}

/**
 * Where the caller reaches this service, for links to it.
 *
 * @param publicUrl of the settings, which goes before what the request says
 * @returns an address such as `https://api.hodi.test`, without a slash at its end; empty, which makes links relative, if the
 * request names no host
 */
export function serviceUrl({ protocol, host }: FastifyRequest, publicUrl?: string): string {
  return publicUrl ?? (host && `${protocol.toLowerCase()}://${host}`);
}
