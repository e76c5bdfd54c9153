/** Of a reply that is no page: it may load nothing, run nothing, and stand in no frame. */
const nothing = "default-src 'none'; frame-ancestors 'none'";

/**
 * Headers of every reply, also of those that Fastify and Node give before any hook runs. What a page needs more, its route
 * says.
 */
export const securityHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy': nothing,
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};
