import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Settings } from '../config/settings';
import { MalformedRequest } from '../error/refusal';
import { bodyLimit } from './refusal-replies';
import { refusalOf, tellTo } from './refusal.filter';

/** Time for a whole request to come in, so that slow senders cannot hold connections. */
const requestTimeout = 10_000;

/** Fastify as the service needs it: what it can only be told when it is made. */
export function createAdapter({ trustedProxies }: Pick<Settings, 'trustedProxies'>): FastifyAdapter {
  return new FastifyAdapter({
    // A list of CIDRs or nobody: a number trusts nobody in Fastify 5, and `true` believes any client.
    trustProxy: trustedProxies.length > 0 ? trustedProxies : false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 16_384 },
    bodyLimit,
    requestTimeout,
    genReqId: requestId,
    rewriteUrl: originForm,
    // Node's own refusal of a request without Host is empty; the front door refuses it.
    http: { requireHostHeader: false },
    // Replies in flight are finished and their connections closed; new requests on them are still answered.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      const { status, headers, body } = tellTo(request, refusalOf(error) ?? new MalformedRequest());
      void reply
        .status(status)
        .headers({ ...headers, 'X-Request-Id': request.id, 'Cache-Control': 'no-store' })
        .send(Buffer.from(JSON.stringify(body)));
    },
    clientErrorHandler: answerBrokenRequest,
  });
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
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}
