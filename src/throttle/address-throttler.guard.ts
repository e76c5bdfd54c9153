import { Inject, Injectable, type ExecutionContext } from '@nestjs/common';
import { seconds, ThrottlerGuard, type ThrottlerLimitDetail, type ThrottlerRequest } from '@nestjs/throttler';
import type { FastifyRequest } from 'fastify';
import { clientAddress } from '../client/client-address';
import { isAccountPath, isPublicPath, isReceiptPath, pathOf } from '../client/request-path';
import { Throttled } from '../error/refusal';
import { ThrottleSettings } from './throttle-settings';

/** Paths that are counted together, apart from all others. */
interface Group {
  /** Part of the counter's key. */
  prefix: string;
  includes: (path: string) => boolean;
  /** How many times `THROTTLE_LIMIT` they may be called. */
  times: number;
}

const groups: readonly Group[] = [
  { prefix: '', includes: isAccountPath, times: 1 },
  { prefix: 'public:', includes: isPublicPath, times: 1 },
  // All of a provider's receipts come from a few addresses.
  { prefix: 'receipts:', includes: isReceiptPath, times: 300 },
];

const groupOf = (context: ExecutionContext) => {
  const path = pathOf(context.switchToHttp().getRequest<FastifyRequest>());
  return groups.find(({ includes }) => includes(path));
};

/** Limits requests a client address over each group of routes; IPv6 by /64, as that is what one client has. */
@Injectable()
export class AddressThrottlerGuard extends ThrottlerGuard {
  @Inject(ThrottleSettings) private readonly settings!: ThrottleSettings;

  /**
   * Counts a request whose proof is refused, apart from all other requests of its address: those who share the address
   * must not pay for it.
   *
   * @throws Throttled if the address fails more often than it may call
   */
  async countFailure(request: FastifyRequest): Promise<void> {
    const { throttleLimit: limit, throttleTtlSeconds } = this.settings;
    if (limit === 0) return;
    const ttl = seconds(throttleTtlSeconds);
    const key = `failed:${await this.getTracker(request)}`;
    const { isBlocked, timeToBlockExpire } = await this.storageService.increment(key, ttl, limit, ttl, 'default');
    if (isBlocked) throw new Throttled(timeToBlockExpire);
  }

  protected override async shouldSkip(context: ExecutionContext): Promise<boolean> {
    return groupOf(context) === undefined;
  }

  /** The base class cuts IPv6 to its /64. */
  protected override async getTracker(request: FastifyRequest): Promise<string> {
    return super.getTracker({ ip: clientAddress(request).nearest });
  }

  protected override async handleRequest(request: ThrottlerRequest): Promise<boolean> {
    return super.handleRequest({ ...request, limit: request.limit * (groupOf(request.context)?.times ?? 1) });
  }

  protected override generateKey(context: ExecutionContext, address: string): string {
    return `${groupOf(context)?.prefix ?? ''}${address}`;
  }

  protected override async throwThrottlingException(
    _context: ExecutionContext,
    { timeToBlockExpire }: ThrottlerLimitDetail,
  ): Promise<void> {
    throw new Throttled(timeToBlockExpire);
  }
}
