import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import {
  BodyTooLarge,
  MalformedRequest,
  NotFound,
  Refusal,
  ServiceUnavailable,
  type AnyRefusal,
} from '../error/refusal';
import { Log } from '../log/log';
import { json, prefersProblems, problemJson } from './media-range';
import { problemOf } from './problem';
import { replyFor, serverErrorReply } from './refusal-replies';
import { bodyLimit } from './request-body';

/** The one place where what was thrown becomes a reply. */
@Catch()
export class RefusalFilter implements ExceptionFilter {
  constructor(private readonly log: Log) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const refusal = refusalOf(thrown, request.routeOptions.bodyLimit);
    this.report(thrown, refusal, request);
    const { status, headers, body } = tellTo(request, refusal);
    void reply.status(status).headers(headers).send(body);
  }

  private report(thrown: unknown, refusal: AnyRefusal | undefined, request: FastifyRequest): void {
    const fields = { requestId: request.id, route: request.routeOptions.url };
    if (refusal === undefined) this.log.trouble('unexpected error', thrown, fields);
    if (refusal instanceof ServiceUnavailable) this.log.trouble('dependency unavailable', refusal.cause, fields);
  }
}

/**
 * A refusal, or our own fault, in the form that the caller prefers.
 *
 * @param refusal undefined for our own fault
 * @returns the status, the headers and the body, which is yet to be written as JSON
 */
export function tellTo({ headers, id }: FastifyRequest, refusal: AnyRefusal | undefined) {
  const plain = refusal === undefined ? serverErrorReply : replyFor(refusal);
  const asProblem = prefersProblems(headers.accept);
  return {
    status: plain.status,
    headers: { ...plain.headers, 'Content-Type': asProblem ? problemJson : json },
    body: asProblem ? problemOf(refusal, plain, id) : plain.body,
  };
}

/**
 * What a thrown error means to the caller, be it ours, Nest's or Fastify's.
 *
 * @param limitBytes how large a body may be where it was thrown
 * @returns undefined for what is no refusal but our own fault
 */
export function refusalOf(thrown: unknown, limitBytes = bodyLimit): AnyRefusal | undefined {
  if (thrown instanceof Refusal) return thrown as AnyRefusal;
  if (thrown instanceof HttpException) {
    // Nest wraps what Fastify throws.
    if (thrown.cause !== undefined) return refusalOf(thrown.cause, limitBytes);
    return thrown.getStatus() === 404 ? new NotFound() : undefined;
  }
  const { code = '', statusCode = 500 } = (thrown ?? {}) as Partial<FastifyError>;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new BodyTooLarge(limitBytes);
  // A path with a bad escape, or longer than any of ours, is a path that there is not.
  if (code === 'FST_ERR_BAD_URL' || code === 'FST_ERR_MAX_PARAM_LENGTH') return new NotFound();
  return statusCode < 500 ? new MalformedRequest() : undefined;
}
