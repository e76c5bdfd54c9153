import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { prepare } from './app';
import { AppModule } from './app.module';
import { command } from './command';
import type { Settings } from './config/settings';
import { createAdapter } from './http/fastify-adapter';
import { Log } from './log/log';

/** Replies in flight get this long after a signal to stop. */
const stopMilliseconds = 9_000;

command(async (settings) => {
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.with(settings), createAdapter(settings), {
    logger: false,
    abortOnError: false,
  });
  prepare(app, settings);
  stopOn(app, 'SIGTERM', 'SIGINT');
  await app.listen(settings.port, settings.host);
  announce(await app.getUrl(), settings, app.get(Log));
});

function announce(url: string, { production, smsTransports, smsFile }: Settings, log: Log): void {
  log.event('listening', { url });
  if (production) return;
  const codes = smsTransports.includes('console') ? 'here' : `in ${smsFile}`;
  process.stdout.write(`\n  Hodi listens on ${url}\n  Swagger UI: ${url}/api/docs/\n  Codes appear ${codes}.\n\n`);
}

function stopOn(app: NestFastifyApplication, ...signals: NodeJS.Signals[]): void {
  const stop = () => {
    setTimeout(() => process.exit(1), stopMilliseconds).unref();
    void app.close().then(() => process.exit(0));
  };
  signals.forEach((signal) => process.once(signal, stop));
}
