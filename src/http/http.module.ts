import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, DiscoveryModule } from '@nestjs/core';
import type { Settings } from '../config/settings';
import { AddressThrottlerGuard } from '../throttle/address-throttler.guard';
import { ThrottleModule } from '../throttle/throttle.module';
import { SessionModule } from '../session/session.module';
import { AuthenticationGuard } from './authentication.guard';
import { Connections } from './connections';
import { CrossSiteGuard } from './cross-site.guard';
import { ApiDocument, DocsController } from './docs.controller';
import { DtoPipe } from './dto.pipe';
import { Handlers } from './handlers';
import { NegotiationGuard } from './negotiation.guard';
import { Origins } from './origins';
import { ProblemController } from './problem.controller';
import { RefusalFilter } from './refusal.filter';
import { RefusedReceiptInterceptor } from './refused-receipt.interceptor';
import { Routes } from './routes';
import { UnroutedController } from './unrouted.controller';

/** Guards run in the order in which they stand here, which is the contract's order of refusals. */
@Module({
  imports: [DiscoveryModule, ThrottleModule, SessionModule],
  providers: [
    Handlers,
    Routes,
    Connections,
    Origins,
    ApiDocument,
    { provide: APP_GUARD, useClass: NegotiationGuard },
    { provide: APP_GUARD, useClass: CrossSiteGuard },
    { provide: APP_GUARD, useClass: AuthenticationGuard },
    { provide: APP_GUARD, useExisting: AddressThrottlerGuard },
    { provide: APP_INTERCEPTOR, useClass: RefusedReceiptInterceptor },
    { provide: APP_PIPE, useClass: DtoPipe },
    { provide: APP_FILTER, useClass: RefusalFilter },
  ],
})
export class HttpModule {
  static with({ apiDocs }: Pick<Settings, 'apiDocs'>): DynamicModule {
    const docs = apiDocs ? [DocsController] : [];
    return { module: HttpModule, controllers: [...docs, ProblemController, UnroutedController] };
  }
}
