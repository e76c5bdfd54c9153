import { Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import { AddressThrottlerGuard } from '../throttle/address-throttler.guard';
import { ThrottleModule } from '../throttle/throttle.module';
import { BearerGuard } from '../token/bearer.guard';
import { TokenModule } from '../token/token.module';
import { Connections } from './connections';
import { CrossSiteGuard } from './cross-site.guard';
import { DtoPipe } from './dto.pipe';
import { NegotiationGuard } from './negotiation.guard';
import { Origins } from './origins';
import { ProblemController } from './problem.controller';
import { RefusalFilter } from './refusal.filter';
import { Routes } from './routes';
import { UnroutedController } from './unrouted.controller';
import { UnroutedGuard } from './unrouted.guard';

/** Guards run in the order in which they stand here, which is the contract's order of refusals. */
@Module({
  imports: [ThrottleModule, TokenModule],
  controllers: [ProblemController, UnroutedController],
  providers: [
    Routes,
    Connections,
    Origins,
    { provide: APP_GUARD, useClass: NegotiationGuard },
    { provide: APP_GUARD, useClass: CrossSiteGuard },
    { provide: APP_GUARD, useExisting: BearerGuard },
    { provide: APP_GUARD, useClass: UnroutedGuard },
    { provide: APP_GUARD, useExisting: AddressThrottlerGuard },
    { provide: APP_PIPE, useClass: DtoPipe },
    { provide: APP_FILTER, useClass: RefusalFilter },
  ],
})
export class HttpModule {}
