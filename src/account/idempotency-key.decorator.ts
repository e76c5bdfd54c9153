import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { documentHeader } from '../client/document-header';
import { IdempotencyKeyReused, InvalidIdempotencyKey } from '../error/refusal';
import { Refuses } from '../error/refuses';

/**
 * The request's `Idempotency-Key`, or undefined if it has none.
 *
 * @throws InvalidIdempotencyKey; the route throws IdempotencyKeyReused
 */
export const IdempotencyKey = createParamDecorator(
  (_data: unknown, context: ExecutionContext): string | undefined => {
    const key = context.switchToHttp().getRequest<FastifyRequest>().headers['idempotency-key'];
    if (key === undefined) return undefined;
    if (typeof key !== 'string' || !/^[\x21-\x7e]{8,128}$/.test(key)) throw new InvalidIdempotencyKey();
    return key;
  },
  [
    documentHeader({
      name: 'Idempotency-Key',
      description: 'The same request with the same key gets the same answer again for 60 s: for lost replies.',
      schema: { type: 'string', minLength: 8, maxLength: 128, pattern: '^[!-~]+$' },
    }),
    Refuses(InvalidIdempotencyKey, IdempotencyKeyReused),
  ],
);
