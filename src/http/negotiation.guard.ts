import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { NotAcceptable } from '../error/refusal';
import { acceptsJson } from './media-range';

/** Refuses a caller that takes no JSON. */
@Injectable()
export class NegotiationGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (!acceptsJson(context.switchToHttp().getRequest<FastifyRequest>().headers.accept)) throw new NotAcceptable();
    return true;
  }
}
