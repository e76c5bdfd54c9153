import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { parseAddress, TrustedProxies } from '../client/client-address';
import type { ClientSettings } from '../client/client-settings';
import { MalformedRequest } from '../error/refusal';
import { refusalOf, tellTo } from './refusal.filter';
import { bodyLimit } from './request-body';
import { securityHeaders } from './security-headers';

/** Milliseconds for a whole request to come in, so that slow senders cannot hold connections. */
const requestTimeout = 10_000;
/** How often Node looks for slow senders; its own 30 s would let them stay four times as long. */
const connectionsCheckingInterval = 1_000;
/** Longer than the 60 s for which usual proxies keep a connection, so that they do not send into one that is closing. */
const keepAliveTimeout = 72_000;
/** A caller that does not read its reply holds its connection no longer than this. */
const connectionTimeout = 30_000;
/** Connections of one process at a time. */
const mostConnections = 4_096;

/** Fastify as the service needs it: what it can only be told when it is made. */
export function createAdapter({ trustedProxies }: Pick<ClientSettings, 'trustedProxies'>): FastifyAdapter {
  const adapter = new FastifyAdapter({
    trustProxy: trustedProxies.length > 0 && trusting(new TrustedProxies(trustedProxies)),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 16_384 },
    bodyLimit,
    requestTimeout,
    keepAliveTimeout,
    connectionTimeout,
    genReqId: requestId,
    rewriteUrl: originForm,
    // Node's own refusal of a request without Host is empty; the front door refuses it.
    http: { requireHostHeader: false, headersTimeout: requestTimeout, connectionsCheckingInterval },
    // Replies in flight are finished and their connections closed; new requests on them are still answered.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      const { status, headers, body } = tellTo(request, refusalOf(error) ?? new MalformedRequest());
      void reply
        .status(status)
        .headers({ ...securityHeaders, ...headers, 'X-Request-Id': request.id, 'Cache-Control': 'no-store' })
        .send(Buffer.from(JSON.stringify(body)));
    },
    clientErrorHandler: answerBrokenRequest,
  });
  adapter.getInstance().server.maxConnections = mostConnections;
  return adapter;
}

/** For Fastify's `request.host` and `request.protocol`; the caller's address is read by `clientAddress`. */
function trusting(proxies: TrustedProxies) {
  return (peer: string | undefined) => {
    const address = parseAddress(peer ?? '');
    return address !== undefined && proxies.trusts(address);
  };
}

/** Of the forms of a request's target (RFC 9112 section 3.2) the one that all rules here go by; a fragment is none. */
function originForm({ url = '/' }: { url?: string }): string {
  const path = url.replace(/^https?:\/\/[^/?#]*/i, '').replace(/#.*$/s, '');
  return path.startsWith('/') ? path : `/${path}`;
}

function requestId({ headers }: IncomingMessage): string {
  const own = headers['x-request-id'];
  return typeof own === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(own) ? own : randomUUID();
}

const brokenRequests: Record<string, [line: string, detail: string]> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'Request header fields too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'Request took too long to arrive.'],
};

/** What Node's parser refuses (an unknown verb, broken HTTP) reaches neither Fastify nor Nest. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [line, detail] = brokenRequests[error.code ?? ''] ?? ['400 Bad Request', 'Malformed request.'];
  const body = JSON.stringify({ detail });
  socket.end(
    [
      `HTTP/1.1 ${line}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${randomUUID()}`,
      ...Object.entries(securityHeaders).map(([name, value]) => `${name}: ${value}`),
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}
