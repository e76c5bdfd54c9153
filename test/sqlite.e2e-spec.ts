import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { readSettings } from '../src/settings/settings';
import { connectDatabase, databaseOptions } from '../src/database/data-source';
import { sqliteDriver } from '../src/database/sqlite-driver';
import { sqlite } from './support/databases';
import { scratchFolder, testEnvironment } from './support/environment';
import { TestApp } from './support/test-app';

const Database = sqliteDriver();

const phone = '+255679190720';
const fileOf = (url: string) => url.slice('sqlite:'.length);
const live = { method: 'GET', path: '/health/live/' };

/** Another process that has begun to write to the file, until it is killed. */
async function lockedBy(file: string): Promise<ChildProcess> {
  const program = `
    const { sqliteDriver } = require(${JSON.stringify(join(__dirname, '../dist/database/sqlite-driver'))});
    const database = new (sqliteDriver())(${JSON.stringify(file)});
    database.exec('BEGIN EXCLUSIVE');
    process.stdout.write('locked');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

async function unlock(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

const options = async (url: string) => databaseOptions(readSettings(testEnvironment({ DATABASE_URL: url })).database);

describe('a SQLite file that another process has locked', () => {
  it('makes 503 of everything that asks for it, while the rest is served, and 200 afterwards', async () => {
    const url = await sqlite.create();
    const test = await TestApp.start({ ...sqlite, create: async () => url });
    const code = await test.obtainOtp(phone);
    const other = await lockedBy(fileOf(url));

    let waiting = true;
    const asked = [
      test.requestOtp('+255754000001'),
      test.requestOtp('+255754000002'),
      test.verify(phone, code),
      test.send({ method: 'GET', path: '/health/ready/' }),
    ];
    const all = Promise.all(asked).finally(() => (waiting = false));
    const lives: number[] = [];
    while (waiting) lives.push((await test.send(live)).status);
    expect((await all).map(({ status }) => status)).toEqual([503, 503, 503, 503]);
    // A wait inside SQLite would have let a handful through.
    expect(lives.length).toBeGreaterThan(20);
    expect(new Set(lives)).toEqual(new Set([200]));

    await unlock(other);
    expect((await test.verify(phone, code)).status).toBe(200);
    await test.stop();
  });

  it('is never waited for inside SQLite, which would hold up the event loop', async () => {
    const dataSource = await connectDatabase(await options(await sqlite.create()));
    expect(await dataSource.query('PRAGMA busy_timeout')).toEqual([{ timeout: 0 }]);
    await dataSource.destroy();
  });

  it('is waited for by the start and its migrations', async () => {
    const url = await sqlite.create();
    new Database(fileOf(url)).pragma('journal_mode = WAL');
    const other = await lockedBy(fileOf(url));
    const starting = options(url).then(connectDatabase);
    for (let turn = 0; turn < 50; turn++) await setImmediate();
    await unlock(other);
    const dataSource = await starting;
    expect(await dataSource.showMigrations()).toBe(false);
    await dataSource.destroy();
  });
});

describe('the rights of a SQLite file', () => {
  const rights = (path: string) => (statSync(path).mode & 0o777).toString(8);

  it.each([
    ['a folder that does not exist', () => join(scratchFolder(), 'new', 'hodi.sqlite')],
    [
      'a folder that others can read',
      () => {
        const folder = join(scratchFolder(), 'open');
        mkdirSync(folder);
        chmodSync(folder, 0o755);
        return join(folder, 'hodi.sqlite');
      },
    ],
    [
      'a folder with a database that others can read',
      () => {
        const folder = join(scratchFolder(), 'open');
        mkdirSync(folder);
        const file = join(folder, 'hodi.sqlite');
        const database = new Database(file);
        database.pragma('journal_mode = WAL');
        database.exec('CREATE TABLE other (id INTEGER)');
        for (const each of [file, `${file}-wal`, `${file}-shm`]) chmodSync(each, 0o644);
        chmodSync(folder, 0o755);
        return file;
      },
    ],
  ])('are 0600, and 0700 of the folder, in %s', async (_what, make) => {
    const umask = process.umask(0o022);
    const file = make();
    const dataSource = await connectDatabase(await options(`sqlite:${file}`));
    await dataSource.query('CREATE TABLE further (id INTEGER)');
    expect([file, `${file}-wal`, `${file}-shm`].map(rights)).toEqual(['600', '600', '600']);
    expect(rights(dirname(file))).toBe('700');
    await dataSource.destroy();
    process.umask(umask);
  });

  it('are 0700 of DATA_DIR, whatever else is in it', async () => {
    const folder = scratchFolder();
    writeFileSync(join(folder, 'sms.jsonl'), '');
    chmodSync(folder, 0o755);
    const settings = readSettings(testEnvironment({ DATA_DIR: folder }));
    const dataSource = await connectDatabase(await databaseOptions(settings.database));
    expect([rights(folder), rights(join(folder, 'hodi.sqlite'))]).toEqual(['700', '600']);
    await dataSource.destroy();
  });

  it('leave a folder alone that holds what is not the service’s', async () => {
    const folder = scratchFolder();
    writeFileSync(join(folder, 'theirs'), '');
    chmodSync(folder, 0o755);
    const dataSource = await connectDatabase(await options(`sqlite:${join(folder, 'hodi.sqlite')}`));
    expect([rights(folder), rights(join(folder, 'hodi.sqlite'))]).toEqual(['755', '600']);
    await dataSource.destroy();
  });
});
