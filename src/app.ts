import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Settings } from './config/settings';
import { Connections } from './http/connections';
import { letBrowsersCall } from './http/cors';
import { openFrontDoor } from './http/front-door';
import { pathsBehindToken, serveOpenApi } from './http/openapi';
import { Origins } from './http/origins';
import { Routes } from './http/routes';
import { Log } from './log/log';

/** What an application is told between being made and being started; tests tell theirs the same. */
export function prepare(app: NestFastifyApplication, settings: Settings): void {
  const log = app.get(Log);
  app.useLogger(log);
  const routes = app.get(Routes);
  openFrontDoor(app.getHttpAdapter().getInstance(), settings, routes, app.get(Connections), log);
  letBrowsersCall(app.getHttpAdapter().getInstance(), app.get(Origins));
  routes.demandTokensFor(pathsBehindToken(serveOpenApi(app, settings)));
}
