import type { Provider } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { METHODS } from 'node:http';
import { noteClientAddress, TrustedProxies } from '../client/client-address';
import { clientNetwork } from '../client/client-info';
import type { ClientSettings } from '../client/client-settings';
import { isAccountPath, pathOf } from '../client/request-path';
import { hasProperHost } from '../client/service-url';
import { MalformedRequest } from '../error/refusal';
import { Log } from '../log/log';
import { AddressThrottlerGuard } from '../throttle/address-throttler.guard';
import { AuthenticationGuard } from './authentication.guard';
import { Connections } from './connections';
import { letBrowsersCall } from './cors';
import { CrossSiteGuard } from './cross-site.guard';
import { DtoPipe } from './dto.pipe';
import { NegotiationGuard } from './negotiation.guard';
import { Origins } from './origins';
import { RefusalFilter } from './refusal.filter';
import { RefusedReceiptInterceptor } from './refused-receipt.interceptor';
import { readBodiesAsBytes } from './request-body';
import { Routes } from './routes';
import { securityHeaders } from './security-headers';

/**
 * The first part of the front door, which is Fastify's: hooks that hold for every request and reply. Each kind of hook runs
 * in the order in which it is added here.
 *
 * To be called before the first route is made.
 */
export function openFrontDoor(
  app: NestFastifyApplication,
  { trustedProxies }: Pick<ClientSettings, 'trustedProxies'>,
): void {
  const fastify = app.getHttpAdapter().getInstance();
  app.get(Routes).collect(fastify);
  routeEveryMethod(fastify);
  readBodiesAsBytes(fastify);
  app.get(Connections).watch(fastify);
  checkHost(fastify, new TrustedProxies(trustedProxies));
  letBrowsersCall(fastify, app.get(Origins));
  sendJsonWithoutCharset(fastify);
  logReplies(fastify, app.get(Log));
}

/**
 * The second part, which is Nest's, for requests whose bytes have all come in. What stands earlier refuses first: this is
 * the contract's order of refusals.
 */
export const frontDoor: readonly Provider[] = [
  // 406
  { provide: APP_GUARD, useClass: NegotiationGuard },
  // 403
  { provide: APP_GUARD, useClass: CrossSiteGuard },
  // 401
  { provide: APP_GUARD, useClass: AuthenticationGuard },
  // 429; after it `UnroutedController` is a handler like others: 404 and 405
  { provide: APP_GUARD, useExisting: AddressThrottlerGuard },
  // 429 instead of a refusal, for providers that are refused too often
  { provide: APP_INTERCEPTOR, useClass: RefusedReceiptInterceptor },
  // 415, then what cannot be parsed, then bad fields; after it the handler has its turn
  { provide: APP_PIPE, useClass: DtoPipe },
  { provide: APP_FILTER, useClass: RefusalFilter },
];

/** Node reads more methods than Fastify routes; the rest would be 404 where 405 is due. */
function routeEveryMethod(fastify: FastifyInstance): void {
  const missing = METHODS.filter((method) => method !== 'CONNECT' && !fastify.supportedMethods.includes(method));
  missing.forEach((method) => fastify.addHttpMethod(method));
  // No DELETE of ours has a body: one is not read, as with GET, so that none is too large.
  fastify.addHttpMethod('DELETE', { overrideExisting: true });
  // An expectation other than 100-continue may be ignored (RFC 9110 section 10.1.1); Node would answer 417.
  fastify.server.on('checkExpectation', (request, response) => fastify.server.emit('request', request, response));
}

/** 400 for a request without a proper host. The headers that every reply has are set before, so that this one has them. */
function checkHost(fastify: FastifyInstance, proxies: TrustedProxies): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    noteClientAddress(request, proxies);
    reply.headers({ ...securityHeaders, 'X-Request-Id': request.id });
    if (isAccountPath(pathOf(request))) reply.header('Cache-Control', 'no-store');
    done(hasProperHost(request) ? undefined : new MalformedRequest());
  });
}

/** JSON is UTF-8 and has no charset (RFC 8259 section 11); REST framework sends none. */
function sendJsonWithoutCharset(fastify: FastifyInstance): void {
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    const type = String(reply.getHeader('content-type'));
    if (/json; charset=utf-8$/.test(type)) reply.header('content-type', type.slice(0, type.indexOf(';')));
    done(null, payload);
  });
}

function logReplies(fastify: FastifyInstance, log: Log): void {
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
