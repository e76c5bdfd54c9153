import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { NotAcceptable } from '../error/refusal';
import { DocsController } from './docs.controller';
import { acceptsJson } from './media-range';
import { ProblemController } from './problem.controller';

/** What these serve is not JSON, or for people to look at. */
const pages: readonly unknown[] = [DocsController, ProblemController];

/** Refuses a caller that takes no JSON. */
@Injectable()
export class NegotiationGuard implements CanActivate {
  /** @throws NotAcceptable */
  canActivate(context: ExecutionContext): boolean {
    if (pages.includes(context.getClass())) return true;
    if (!acceptsJson(context.switchToHttp().getRequest<FastifyRequest>().headers.accept)) throw new NotAcceptable();
    return true;
  }
}
