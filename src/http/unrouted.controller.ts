import { All, Controller, HttpCode, HttpStatus, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { pathOf } from '../client/request-path';
import { MethodNotAllowed, NotFound } from '../error/refusal';
import { bodyMediaTypes } from './request-body';
import { Routes } from './routes';

/** What REST framework answers to `OPTIONS`. */
interface RouteDescription {
  name: string;
  description: string;
  renders: string[];
  parses: readonly string[];
}

/**
 * Where requests end that no route takes: 404, 405, and the answer to `OPTIONS`. A route like others, so that
 * negotiation and throttle come before it.
 */
@ApiExcludeController()
@Controller()
export class UnroutedController {
  constructor(private readonly routes: Routes) {}

  @All('*')
  @HttpCode(HttpStatus.OK)
  answer(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): RouteDescription {
    const { method } = request;
    const path = pathOf(request);
    const allowed = this.routes.allowed(path);
    if (allowed.length === 0) throw new NotFound();
    if (method !== 'OPTIONS') throw new MethodNotAllowed(method, allowed);
    reply.header('Allow', allowed.join(', '));
    return {
      name: nameOf(path),
      description: '',
      renders: ['application/json'],
      parses: bodyMediaTypes,
    };
  }
}

/** `/api/account/request-otp/` is called "Request Otp". */
function nameOf(path: string): string {
  const words = path.split('/').filter(Boolean).at(-1)?.split('-') ?? [];
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ');
}
