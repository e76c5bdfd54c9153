import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { prepare } from './app';
import { AppModule } from './app.module';
import type { Settings } from './config/settings';
import { CannotStart } from './error/cannot-start';
import { createAdapter } from './http/fastify-adapter';
import { Log } from './log/log';

/** Replies in flight get this long after a signal to stop. */
const stopMilliseconds = 9_000;

export async function serve(settings: Settings): Promise<void> {
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.with(settings), createAdapter(settings), {
    logger: false,
    abortOnError: false,
  });
  prepare(app, settings);
  stopOn(app, 'SIGTERM', 'SIGINT');
  announce(await listen(app, settings), settings, app.get(Log));
}

/** Not `app.listen`, which logs the address that it could not have. */
async function listen(app: NestFastifyApplication, { host, port }: Settings): Promise<string> {
  await app.init();
  const fastify = app.getHttpAdapter().getInstance();
  return fastify.listen({ host, port }).catch((cause: NodeJS.ErrnoException) => {
    throw new CannotStart(`HOST, PORT: cannot listen there (${cause.code}).`, { cause });
  });
}

function announce(url: string, { production, sms }: Settings, log: Log): void {
  log.event('listening', { url });
  if (production) return;
  const transports = [...sms.routes.values()].flat();
  const shown = transports.includes('file') ? `in ${sms.file}` : `on phones, by ${[...new Set(transports)].join(', ')}`;
  const codes = transports.includes('console') ? 'here' : shown;
  process.stdout.write(`\n  Hodi listens on ${url}\n  Swagger UI: ${url}/api/docs/\n  Codes appear ${codes}.\n\n`);
}

function stopOn(app: NestFastifyApplication, ...signals: NodeJS.Signals[]): void {
  const stop = () => {
    setTimeout(() => process.exit(1), stopMilliseconds).unref();
    app.close().then(
      () => process.exit(0),
      (error: unknown) => {
        app.get(Log).trouble('stopping failed', error);
        process.exit(1);
      },
    );
  };
  signals.forEach((signal) => process.once(signal, stop));
}
