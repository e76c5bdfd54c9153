import type { FastifyInstance } from 'fastify';
import { METHODS } from 'node:http';
import { noteClientAddress, TrustedProxies } from '../client/client-address';
import { clientNetwork } from '../client/client-info';
import { isAccountPath, isReceiptPath, pathOf } from '../client/request-path';
import { hasProperHost } from '../client/service-url';
import type { Settings } from '../config/settings';
import { MalformedRequest } from '../error/refusal';
import type { Log } from '../log/log';
import type { Connections } from './connections';
import { receiptBodyLimit } from './refusal-replies';
import { readBodiesAsBytes } from './request-body';
import type { Routes } from './routes';
import { securityHeaders } from './security-headers';

/** What holds for every request and reply, told to Fastify before the first route is made. */
export function openFrontDoor(
  fastify: FastifyInstance,
  { trustedProxies }: Pick<Settings, 'trustedProxies'>,
  routes: Routes,
  connections: Connections,
  log: Log,
): void {
  const proxies = new TrustedProxies(trustedProxies);
  routes.collect(fastify);
  readBodiesAsBytes(fastify);
  answerEveryMethod(fastify);
  fastify.addHook('onRoute', (route) => {
    if (isReceiptPath(route.url)) route.bodyLimit = receiptBodyLimit;
  });
  connections.watch(fastify);

  fastify.addHook('onRequest', (request, reply, done) => {
    noteClientAddress(request, proxies);
    reply.headers({ ...securityHeaders, 'X-Request-Id': request.id });
    if (isAccountPath(pathOf(request))) reply.header('Cache-Control', 'no-store');
    done(hasProperHost(request) ? undefined : new MalformedRequest());
  });
  // An expectation other than 100-continue may be ignored (RFC 9110 section 10.1.1); Node would answer 417 by itself.
  fastify.server.on('checkExpectation', (request, response) => fastify.server.emit('request', request, response));
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    // JSON is UTF-8 and has no charset (RFC 8259 section 11); REST framework sends none.
    const type = String(reply.getHeader('content-type'));
    if (/json; charset=utf-8$/.test(type)) reply.header('content-type', type.slice(0, type.indexOf(';')));
    done(null, payload);
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    log.event('request', {
      requestId: request.id,
      method: request.method,
      network: clientNetwork(request),
      route: request.routeOptions.url,
      status: reply.statusCode,
      milliseconds: Math.round(reply.elapsedTime * 10) / 10,
    });
    done();
  });
}

/** Node reads more methods than Fastify routes; the rest would be 404 where 405 is due. */
function answerEveryMethod(fastify: FastifyInstance): void {
  const missing = METHODS.filter((method) => method !== 'CONNECT' && !fastify.supportedMethods.includes(method));
  missing.forEach((method) => fastify.addHttpMethod(method));
  // No DELETE of ours has a body: one is not read, as with GET, so that none is too large.
  fastify.addHttpMethod('DELETE', { overrideExisting: true });
}
