import { existsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mysqlUrl, redisUrl } from './environment';
import { documentFile } from './openapi-document';
import { makeRunFolder } from './run-folder';
import { ServiceProcess } from './service-process';

/** Makes the run's scratch folder, and keeps the OpenAPI document of the build: under Jest its comments are not read. */
export default async function setUp(): Promise<void> {
  const missing = Object.entries({ TEST_MYSQL_URL: mysqlUrl, TEST_REDIS_URL: redisUrl }).filter(([, url]) => !url);
  const names = missing.map(([name]) => name).join(' and ');
  if (names && process.env.CI === 'true') throw new Error(`CI needs ${names}`);
  if (!existsSync(join(__dirname, '../../dist/main.js'))) throw new Error('not built: run `npm run build` first');
  // `os.tmpdir()` is that folder from now on, in workers and programs, too.
  const folder = makeRunFolder(tmpdir());
  Object.assign(process.env, { TMPDIR: folder, TEMP: folder, TMP: folder });

  process.stdout.write('\nStarting the build once, for its OpenAPI document ...\n');
  const service = await ServiceProcess.start();
  const document = await fetch(`${service.url}/api/openapi.json`);
  writeFileSync(documentFile, await document.text());
  await service.stop();
  process.stdout.write('Running the tests ...\n');
}
