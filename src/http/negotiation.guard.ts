import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { NotAcceptable } from '../error/refusal';

/** Refuses a caller that takes no JSON. As in REST framework, parameters and `q` do not count. */
@Injectable()
export class NegotiationGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { accept = '*/*' } = context.switchToHttp().getRequest<FastifyRequest>().headers;
    const ranges = accept.split(',').map((range) => range.split(';')[0]?.trim().toLowerCase() ?? '');
    if (ranges.some((range) => ['*/*', 'application/*', 'application/json'].includes(range))) return true;
    throw new NotAcceptable();
  }
}
