import type { FastifyInstance } from 'fastify';
import { docsPrefix } from '../client/request-path';

/** Leads a browser from `/` to Swagger UI: for development; elsewhere `/` is 404 as any unknown path. */
export function leadToDocs(fastify: FastifyInstance): void {
  fastify.get('/', (_request, reply) => reply.redirect(`/${docsPrefix}/`));
}
