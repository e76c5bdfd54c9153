import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { catchError, type Observable } from 'rxjs';
import { isReceiptPath, pathOf } from '../client/request-path';
import { Refusal, ServiceUnavailable } from '../error/refusal';
import { AddressThrottlerGuard } from '../throttle/address-throttler.guard';

/** Counts receipts that are refused: those that are good cost their provider nothing. */
@Injectable()
export class RefusedReceiptInterceptor implements NestInterceptor {
  constructor(private readonly throttle: AddressThrottlerGuard) {}

  /** @throws Throttled instead of the refusal, if the address is refused more often than it may call */
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (!isReceiptPath(pathOf(request))) return next.handle();
    return next.handle().pipe(
      catchError(async (error: unknown) => {
        if (error instanceof Refusal && !(error instanceof ServiceUnavailable))
          await this.throttle.countFailure(request);
        throw error;
      }),
    );
  }
}
