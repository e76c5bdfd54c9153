import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mysqlUrl, redisUrl } from './environment';
import { documentFile } from './openapi-document';
import { ServiceProcess } from './service-process';

/** Says what is left out, and keeps the OpenAPI document of the build: under Jest its comments are not read. */
export default async function setUp(): Promise<void> {
  const missing = Object.entries({ TEST_MYSQL_URL: mysqlUrl, TEST_REDIS_URL: redisUrl }).filter(([, url]) => !url);
  const names = missing.map(([name]) => name).join(' and ');
  if (names && process.env.CI === 'true') throw new Error(`CI needs ${names}`);
  if (names) process.stdout.write(`\nLeft out for want of ${names}: the tests on those servers.\n`);
  if (!existsSync(join(__dirname, '../../dist/main.js'))) throw new Error('not built: run `npm run build` first');

  const service = await ServiceProcess.start();
  const document = await fetch(`${service.url}/api/openapi.json`);
  writeFileSync(documentFile, await document.text());
  await service.stop();
}
