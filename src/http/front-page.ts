import type { FastifyInstance } from 'fastify';

/** Leads a browser from `/` to Swagger UI: for development; elsewhere `/` is 404 as any unknown path. */
export function leadToDocs(fastify: FastifyInstance): void {
  fastify.get('/', (_request, reply) => reply.redirect('/api/docs/'));
}
