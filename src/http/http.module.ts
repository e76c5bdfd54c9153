import { Module, type DynamicModule } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { ThrottleModule } from '../throttle/throttle.module';
import { SessionModule } from '../session/session.module';
import { Connections } from './connections';
import { ApiDocument, DocsController } from './docs.controller';
import { frontDoor } from './front-door';
import { Handlers } from './handlers';
import type { HttpSettings } from './http-settings';
import { Origins } from './origins';
import { ProblemController } from './problem.controller';
import { Routes } from './routes';
import { UnroutedController } from './unrouted.controller';

@Module({
  imports: [DiscoveryModule, ThrottleModule, SessionModule],
  providers: [Handlers, Routes, Connections, Origins, ApiDocument, ...frontDoor],
})
export class HttpModule {
  static with({ apiDocs }: Pick<HttpSettings, 'apiDocs'>): DynamicModule {
    const docs = apiDocs ? [DocsController] : [];
    return { module: HttpModule, controllers: [...docs, ProblemController, UnroutedController] };
  }
}
