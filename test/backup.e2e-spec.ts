import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { mysql, sqlite, type TestDatabase } from './support/databases';
import { mysqlUrl, scratchFolder } from './support/environment';
import { postJson, requestOtpPath, verifyPath } from './support/http-client';
import { ServiceProcess } from './support/service-process';

const refreshPath = '/api/account/token/refresh/';
const dump = '/usr/bin/mariadb-dump';
const client = '/usr/bin/mariadb';
const hasTools = mysqlUrl !== undefined && existsSync(dump) && existsSync(client);

async function signIn({ url, codeFor }: Pick<ServiceProcess, 'url' | 'codeFor'>, phone: string): Promise<string> {
  await postJson(url, requestOtpPath, { phone_number: phone });
  const { text } = await postJson(url, verifyPath, { phone_number: phone, otp: await codeFor(phone) });
  return (JSON.parse(text) as { refresh: string }).refresh;
}

const refresh = async (url: string, token: string) => postJson(url, refreshPath, { refresh: token });
const newer = ({ text }: { text: string }) => (JSON.parse(text) as { refresh: string }).refresh;

const run = promisify(execFile);

/** In a process of its own, as an operator does it beside the running service. */
async function backUpSqlite(url: string): Promise<string> {
  const file = join(scratchFolder(), 'backup.sqlite');
  const driver = join(__dirname, '../dist/database/sqlite-driver');
  const script =
    'new (require(process.argv[1]).sqliteDriver())(process.argv[2]).prepare("VACUUM INTO ?").run(process.argv[3])';
  await run(process.execPath, ['-e', script, driver, url.slice('sqlite:'.length), file]);
  return `sqlite:${file}`;
}

async function backUpMysql(url: string): Promise<string> {
  const restored = await mysql.create();
  const place = (it: string) => {
    const { hostname, port, username, password, pathname } = new URL(it);
    return ['-h', hostname, '-P', port, '-u', username, ...(password ? [`-p${password}`] : []), pathname.slice(1)];
  };
  const { stdout: sql } = await run(dump, ['--single-transaction', ...place(url)], { maxBuffer: 2 ** 26 });
  execFileSync(client, place(restored), { input: sql });
  return restored;
}

const ways: { name: string; database: TestDatabase; backUp: (url: string) => Promise<string>; possible: boolean }[] = [
  { name: 'SQLite, by VACUUM INTO', database: sqlite, backUp: backUpSqlite, possible: true },
  {
    name: 'MySQL, by mariadb-dump --single-transaction (needs MySQL and its programs)',
    database: mysql,
    backUp: backUpMysql,
    possible: hasTools,
  },
];

describe.each(ways)('a backup of $name', ({ database, backUp, possible }) => {
  (possible ? it : it.skip)(
    'that was taken under load keeps users signed in, but for tokens newer than it',
    async () => {
      const original = await database.create();
      const service = await ServiceProcess.start({ DATABASE_URL: original });
      const user = { url: service.url, codeFor: (phone: string) => service.codeFor(phone) };
      const idle = await signIn(user, '+255754000001');
      const moving = await signIn(user, '+255754000002');

      let stopped = false;
      const refreshes = async (phone: string) => {
        let [token, count] = [await signIn(user, phone), 0];
        for (; !stopped || count === 0; count++) token = newer(await refresh(service.url, token));
        return count;
      };
      const load = Promise.all(['+255754000003', '+255754000004', '+255754000005'].map(refreshes));
      const backup = await backUp(original);
      stopped = true;
      expect((await load).every((count) => count > 0)).toBe(true);
      const afterBackup = newer(await refresh(service.url, newer(await refresh(service.url, moving))));
      await service.stop();

      const restored = await ServiceProcess.start({ DATABASE_URL: backup });
      expect((await refresh(restored.url, idle)).status).toBe(200);
      expect((await refresh(restored.url, afterBackup)).status).toBe(401);
      const again = { url: restored.url, codeFor: (phone: string) => restored.codeFor(phone) };
      expect((await refresh(restored.url, await signIn(again, '+255754000006'))).status).toBe(200);
      expect(await restored.stop()).toBe(0);
    },
  );
});
