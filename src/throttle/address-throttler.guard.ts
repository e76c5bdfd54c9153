import { Injectable, type ExecutionContext } from '@nestjs/common';
import { ThrottlerGuard, type ThrottlerLimitDetail } from '@nestjs/throttler';
import type { FastifyRequest } from 'fastify';
import { clientAddress } from '../client/client-address';
import { isAccountPath, pathOf } from '../client/request-path';
import { Throttled } from '../error/refusal';

/** Limits requests a client address over all account routes together; IPv6 by /64, as that is what one client has. */
@Injectable()
export class AddressThrottlerGuard extends ThrottlerGuard {
  protected override async shouldSkip(context: ExecutionContext): Promise<boolean> {
    return !isAccountPath(pathOf(context.switchToHttp().getRequest<FastifyRequest>()));
  }

  /** The base class cuts IPv6 to its /64. */
  protected override async getTracker(request: FastifyRequest): Promise<string> {
    return super.getTracker({ ip: clientAddress(request).nearest });
  }

  protected override generateKey(_context: ExecutionContext, address: string): string {
    return address;
  }

  protected override async throwThrottlingException(
    _context: ExecutionContext,
    { timeToBlockExpire }: ThrottlerLimitDetail,
  ): Promise<void> {
    throw new Throttled(timeToBlockExpire);
  }
}
