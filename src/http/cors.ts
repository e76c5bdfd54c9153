import type { FastifyInstance } from 'fastify';

/**
 * CORS for exact origins (Fetch standard, section 3.2). Not @fastify/cors: that declares `OPTIONS *`, which is the
 * unrouted controller's, so that Fastify would not start.
 */
export function letBrowsersCall(fastify: FastifyInstance, origins: readonly string[]): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header('Vary', 'Origin');
    const { origin, 'access-control-request-method': asked } = request.headers;
    if (origin === undefined || !origins.includes(origin)) return done();
    reply.header('Access-Control-Allow-Origin', origin);
    reply.header('Access-Control-Expose-Headers', 'Retry-After, X-Request-Id');
    if (request.method !== 'OPTIONS' || asked === undefined) return done();
    reply.header('Access-Control-Allow-Methods', 'GET, POST, PATCH, DELETE');
    reply.header('Access-Control-Allow-Headers', 'Authorization, Content-Type, Idempotency-Key, X-Request-Id');
    reply.header('Access-Control-Max-Age', '600');
    void reply.status(204).send();
  });
}
