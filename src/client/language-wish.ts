import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** In which language somebody wants to be written to, as far as a request tells. */
export interface LanguageWish {
  /** BCP 47, asked for by name. */
  locale?: string;
  /** The header (RFC 9110 section 12.5.4). */
  acceptLanguage?: string;
}

export const AcceptLanguage = createParamDecorator(
  (_data: unknown, context: ExecutionContext) =>
    context.switchToHttp().getRequest<FastifyRequest>().headers['accept-language'],
);
