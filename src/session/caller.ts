import { applyDecorators, createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import { ApiBearerAuth } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { TokenClaims } from '../token/token.service';

/** The account and the session that a token was issued to. */
export interface Caller {
  accountId: string;
  sessionId: string;
}

/** @returns whom a token names; its session may be over */
export function callerOf({ sub: accountId, sid: sessionId }: TokenClaims): Caller {
  return { accountId, sessionId };
}

export const SIGNED_IN = 'hodi:signed-in';

/** Puts a route, or all of a controller, behind an access token (RFC 6750). */
export const SignedIn = () => applyDecorators(SetMetadata(SIGNED_IN, true), ApiBearerAuth());

export const ENDS_SESSION = 'hodi:ends-session';

/**
 * For a route that ends the session it is called in: a repeat with an `Idempotency-Key` gets to the handler all the
 * same, which must look at the session before it does anything.
 */
export const EndsSession = () => SetMetadata(ENDS_SESSION, true);

const callers = new WeakMap<object, Caller>();

export function setCaller(request: FastifyRequest, caller: Caller): void {
  callers.set(request, caller);
}

/** The caller of a route that is `@SignedIn()`. */
export const CurrentCaller = createParamDecorator((_data: unknown, context: ExecutionContext): Caller => {
  const caller = callers.get(context.switchToHttp().getRequest<FastifyRequest>());
  if (caller === undefined) throw new Error('@CurrentCaller() needs @SignedIn() on its route');
  return caller;
});
