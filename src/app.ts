import { setTimeout as wait } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module';
import { docsPrefix } from './client/request-path';
import { ReadinessService } from './health/readiness.service';
import { CannotListen } from './http/cannot-listen';
import { Connections } from './http/connections';
import { ApiDocument } from './http/docs.controller';
import { createAdapter } from './http/fastify-adapter';
import { openFrontDoor } from './http/front-door';
import { leadToDocs } from './http/front-page';
import { openApiDocument } from './http/openapi';
import { Log } from './log/log';
import type { Settings } from './settings/settings';

/** From a signal to the end: process managers kill after 10 s. A longer drain gets what closing needs on top. */
const stopMilliseconds = 9_500;
const closeMilliseconds = 4_500;

/**
 * Runs the service in this process until a signal stops it.
 * @returns once it is listening, and that is told in the log and, but for production, on standard output
 * @throws CannotStart for a database, a file of keys or an address that cannot be used
 */
export async function serve(settings: Settings): Promise<void> {
  const app = await create(settings);
  stopOn(app, settings, 'SIGTERM', 'SIGINT');
  announce(await listen(app, settings), settings, app.get(Log));
}

async function create(settings: Settings): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.with(settings),
    createAdapter(settings.client),
    {
      logger: false,
      abortOnError: false,
    },
  );
  prepare(app, settings);
  if (settings.mode.development && settings.http.apiDocs) leadToDocs(app.getHttpAdapter().getInstance());
  return app;
}

/** Sets up what an application needs between being made and being started, in the service and in tests alike. */
export function prepare(app: NestFastifyApplication, settings: Settings): void {
  app.useLogger(app.get(Log));
  openFrontDoor(app, settings.client);
  app.get(ApiDocument).set(openApiDocument(app, settings.client.publicUrl));
}

/** Not `app.listen`, which logs the address that it could not have. */
async function listen(app: NestFastifyApplication, { http: { host, port } }: Settings): Promise<string> {
  await app.init();
  const fastify = app.getHttpAdapter().getInstance();
  return fastify.listen({ host, port }).catch((cause: NodeJS.ErrnoException) => {
    throw new CannotListen(cause, port);
  });
}

function announce(url: string, { mode: { production, development }, sms }: Settings, log: Log): void {
  log.event('listening', { url });
  if (development) log.event('pages of any port of localhost may call, as NODE_ENV is development');
  if (production) return;
  const transports = [...sms.routes.values()].flat();
  const shown = transports.includes('file') ? `in ${sms.file}` : `on phones, by ${[...new Set(transports)].join(', ')}`;
  const codes = transports.includes('console') ? 'here' : shown;
  process.stdout.write(`\n  Hodi listens on ${url}\n  Swagger UI: ${url}/${docsPrefix}/\n  Codes appear ${codes}.\n\n`);
}

/** A second signal changes nothing: the first one ends the process. */
function stopOn(
  app: NestFastifyApplication,
  { http: { shutdownDrainSeconds } }: Settings,
  ...signals: NodeJS.Signals[]
): void {
  let stopping: Promise<void> | undefined;
  const begin = () => (stopping ??= stop(app, shutdownDrainSeconds * 1_000));
  signals.forEach((signal) => process.on(signal, () => void begin()));
}

/**
 * Readiness goes first, so that proxies stop to send requests here while each is still served. After the drain no new
 * connection is taken; replies and texts under way are finished side by side.
 */
async function stop(app: NestFastifyApplication, drainMilliseconds: number): Promise<void> {
  const log = app.get(Log);
  setTimeout(
    () => {
      log.warn('stopped before all was finished');
      process.exit(0);
    },
    Math.max(stopMilliseconds, drainMilliseconds + closeMilliseconds),
  ).unref();
  log.event('stopping');
  app.get(ReadinessService).leave();
  app.get(Connections).leave();
  if (drainMilliseconds > 0) await wait(drainMilliseconds);
  app.get(Connections).close();
  await app.close().catch((error: unknown) => {
    log.trouble('stopping failed', error);
    process.exit(1);
  });
  process.exit(0);
}
