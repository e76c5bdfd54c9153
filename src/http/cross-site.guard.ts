import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { isAccountPath, pathOf } from '../client/request-path';
import { CrossSiteRequest } from '../error/refusal';
import { Origins } from './origins';

/** RFC 9110 section 9.2.1: these ask, and change nothing. */
const safeMethods = ['GET', 'HEAD', 'OPTIONS'];

/**
 * Keeps other origins' pages from making their visitors' browsers ask for codes or guess them: a form needs no preflight.
 * Comes before the throttle, so that such a page cannot use up its visitor's limit either.
 */
@Injectable()
export class CrossSiteGuard implements CanActivate {
  constructor(private readonly origins: Origins) {}

  /** @throws CrossSiteRequest */
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (safeMethods.includes(request.method) || !isAccountPath(pathOf(request))) return true;
    if (this.origins.isCrossSite(request)) throw new CrossSiteRequest();
    return true;
  }
}
