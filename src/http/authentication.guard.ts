import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { pathOf } from '../client/request-path';
import { AccessTokenNotValid, BadAuthorizationHeader } from '../error/refusal';
import { AddressThrottlerGuard } from '../throttle/address-throttler.guard';
import { BearerGuard } from '../session/bearer.guard';
import { Routes } from './routes';
import { UnroutedController } from './unrouted.controller';

/**
 * Wants an access token where a route does. A path behind a token is so for every method: 401 comes before 405, as in REST
 * framework. It also comes before the throttle, so bad tokens are counted here.
 */
@Injectable()
export class AuthenticationGuard implements CanActivate {
  constructor(
    private readonly routes: Routes,
    private readonly bearer: BearerGuard,
    private readonly throttle: AddressThrottlerGuard,
  ) {}

  /** @throws Throttled instead, if the address sends more bad tokens than it may call */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    try {
      if (context.getClass() !== UnroutedController) return await this.bearer.canActivate(context);
      if (this.routes.demandsToken(pathOf(request))) await this.bearer.demandCaller(request);
      return true;
    } catch (error) {
      if (isBadToken(error)) await this.throttle.countFailure(request);
      throw error;
    }
  }
}

/** A request without a token is refused at no cost, and tries nothing. */
function isBadToken(error: unknown): boolean {
  return error instanceof BadAuthorizationHeader || error instanceof AccessTokenNotValid;
}
