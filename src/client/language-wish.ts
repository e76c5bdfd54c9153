import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { documentHeader } from './document-header';

/** The language in which a client wants to get texts, as far as its request tells. */
export interface LanguageWish {
  /** BCP 47, asked for by name. */
  locale?: string;
  /** The header (RFC 9110 section 12.5.4). */
  acceptLanguage?: string;
}

/** `@AcceptLanguage() header?: string` for a parameter of a route: the header as it came, undefined without one. */
export const AcceptLanguage = createParamDecorator(
  (_data: unknown, context: ExecutionContext) =>
    context.switchToHttp().getRequest<FastifyRequest>().headers['accept-language'],
  [
    documentHeader({
      name: 'Accept-Language',
      description: 'Languages of the text, where `locale` names none that there are words in.',
      schema: { type: 'string' },
    }),
  ],
);
