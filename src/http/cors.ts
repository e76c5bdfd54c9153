import type { FastifyInstance } from 'fastify';
import type { Origins } from './origins';

/** What our own clients send, and what tracing and frontend libraries add. */
const usualHeaders = [
  'Accept-Language',
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'X-Device-Token',
  'X-Request-Id',
  'X-Requested-With',
  'baggage',
  'sentry-trace',
  'traceparent',
  'tracestate',
];

/**
 * CORS for exact origins (Fetch standard, section 3.2). Not @fastify/cors: that declares `OPTIONS *`, which is the
 * unrouted controller's, so that Fastify would not start.
 */
export function letBrowsersCall(fastify: FastifyInstance, origins: Origins): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    origins.noteRefused(request);
    if (!origins.areListed) return done();
    reply.header('Vary', 'Origin');
    const { origin, 'access-control-request-method': asked } = request.headers;
    if (origin === undefined || !origins.isListed(origin)) return done();
    reply.header('Access-Control-Allow-Origin', origin);
    reply.header('Access-Control-Expose-Headers', 'Retry-After, X-Device-Token, X-Request-Id');
    if (request.method !== 'OPTIONS' || asked === undefined) return done();
    reply.header('Access-Control-Allow-Methods', 'GET, POST, PATCH, DELETE');
    reply.header('Access-Control-Allow-Headers', allowedHeaders(request.headers['access-control-request-headers']));
    reply.header('Access-Control-Max-Age', '600');
    void reply.status(204).send();
  });
}

/** The usual ones and those asked for: the origin is trusted, and no cookie of ours goes along with a header. */
function allowedHeaders(asked = ''): string {
  const known = usualHeaders.map((it) => it.toLowerCase());
  const others = asked.split(',').map((it) => it.trim().toLowerCase());
  return [...usualHeaders, ...others.filter((it) => isFieldName(it) && !known.includes(it))].join(', ');
}

/** RFC 9110 section 5.6.2. */
const isFieldName = (text: string) => /^[\w!#$%&'*+.^`|~-]+$/.test(text);
