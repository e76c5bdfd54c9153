import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { pathOf } from '../client/request-path';
import { BearerGuard } from '../token/bearer.guard';
import { Routes } from './routes';
import { UnroutedController } from './unrouted.controller';

/** A path behind a token is so for every method: 401 comes before 405, as in REST framework. */
@Injectable()
export class UnroutedGuard implements CanActivate {
  constructor(
    private readonly routes: Routes,
    private readonly bearer: BearerGuard,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getClass() !== UnroutedController) return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (this.routes.demandsToken(pathOf(request))) await this.bearer.demandCaller(request);
    return true;
  }
}
