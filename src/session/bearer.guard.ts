import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { AccessTokenNotValid, BadAuthorizationHeader, NotAuthenticated } from '../error/refusal';
import { ENDS_SESSION, setCaller, SIGNED_IN, type Caller } from './caller';
import { Callers } from './callers';

/** Lets a route that is `@SignedIn()` be called with an access token only; other routes ignore the header. */
@Injectable()
export class BearerGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly callers: Callers,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (!this.reflector.getAllAndOverride<boolean>(SIGNED_IN, [context.getHandler(), context.getClass()])) return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const mayRepeat = this.reflector.get<boolean | undefined>(ENDS_SESSION, context.getHandler()) ?? false;
    const evenEnded = mayRepeat && request.headers['idempotency-key'] !== undefined;
    setCaller(request, await this.demandCaller(request, { evenEnded }));
    return true;
  }

  /**
   * Reads the `Authorization` header.
   * @param options `evenEnded` if the session is looked at later
   * @throws NotAuthenticated, BadAuthorizationHeader, AccessTokenNotValid
   */
  async demandCaller({ headers }: FastifyRequest, { evenEnded = false } = {}): Promise<Caller> {
    const caller = await this.callers.of(bearerToken(headers.authorization), { evenEnded });
    if (caller === undefined) throw new AccessTokenNotValid();
    return caller;
  }
}

/** As simplejwt reads the header. */
function bearerToken(authorization = ''): string {
  const [scheme, token, ...more] = authorization.split(/\s+/).filter((word) => word !== '');
  if (scheme !== 'Bearer') throw new NotAuthenticated();
  if (token === undefined || more.length > 0) throw new BadAuthorizationHeader();
  return token;
}
