import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Settings } from './config/settings';
import { Connections } from './http/connections';
import { letBrowsersCall } from './http/cors';
import { ApiDocument } from './http/docs.controller';
import { openFrontDoor } from './http/front-door';
import { openApiDocument, pathsBehindToken } from './http/openapi';
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
  const document = openApiDocument(app, settings.publicUrl);
  app.get(ApiDocument).set(document);
  routes.demandTokensFor(pathsBehindToken(document));
}
