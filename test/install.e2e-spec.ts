import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { sqliteDriver } from '../src/database/sqlite-driver';
import { scratchFolder, testEnvironment } from './support/environment';
import { freePort } from './support/free-port';

const root = join(__dirname, '..');
const node = Number.parseInt(process.versions.node);

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

function run(script: string, args: string[], options: { cwd: string; uid?: number }): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(options.cwd, script), ...args], options, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

function copyTo(folder: string, ...paths: string[]): string {
  paths.forEach((path) => cpSync(join(root, path), join(folder, path), { recursive: true }));
  return folder;
}

const toBuild = ['src', 'docs', 'scripts', 'package.json', 'tsconfig.json', 'tsconfig.build.json'];

describe('a checkout under a path with letters outside ASCII, spaces and signs', () => {
  const folder = join(scratchFolder(), `Hodi ü 電話 (1) [2] #3 %20 'a' & "b"`);

  beforeAll(async () => {
    mkdirSync(folder);
    copyTo(folder, ...toBuild);
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    expect(await run('scripts/build.mjs', [], { cwd: folder })).toMatchObject({ code: 0, stderr: '' });
    rmSync(join(folder, 'src'), { recursive: true });
    rmSync(join(folder, 'docs'), { recursive: true });
  }, 240_000);

  it('is built as any other', () => {
    const dtos = [
      'account/dto/events-page.dto.js',
      'account/dto/request-otp.dto.js',
      'sms/delivery.controller.js',
      'main.js',
    ];
    for (const file of dtos) {
      expect(readFileSync(join(folder, 'dist', file), 'utf8')).toBe(readFileSync(join(root, 'dist', file), 'utf8'));
    }
  });

  it.each([
    ['development', 302, '/api/docs/'],
    ['production', 404, null],
  ])(
    'runs by `npm start` without src and docs in %s, and SIGTERM to npm leaves nothing',
    async (mode, status, place) => {
      const port = String(await freePort());
      const settings: NodeJS.ProcessEnv = testEnvironment({ NODE_ENV: mode, PORT: port });
      const production = {
        SMS_TRANSPORT: 'webhook',
        SMS_WEBHOOK_URL: 'http://127.0.0.1:1/',
        SMS_WEBHOOK_SECRET: webhookSecret,
        // It refuses to start without these limits.
        OTP_WRONG_PER_DAY: '10',
        OTP_WRONG_PER_MONTH: '30',
      };
      const env = {
        PATH: process.env.PATH,
        HOME: settings.DATA_DIR,
        ...settings,
        ...(mode === 'production' ? production : {}),
      };
      if (mode === 'production') await run('scripts/run.mjs', ['cli/migrate'], { cwd: folder, env } as { cwd: string });
      const npm = spawn('npm', ['start'], { cwd: folder, env, detached: true });
      await listening(npm);

      const front = await fetch(`http://127.0.0.1:${port}/`, { redirect: 'manual' });
      expect([front.status, front.headers.get('location')]).toEqual([status, place]);
      const problems = await fetch(`http://127.0.0.1:${port}/api/docs/problems/`);
      expect([problems.status, await problems.text()]).toEqual([
        200,
        readFileSync(join(root, 'docs/problems.md'), 'utf8'),
      ]);

      npm.kill('SIGTERM');
      await once(npm, 'exit');
      // The group of npm, its shell and the service is empty; this also ends what would be left.
      expect(() => process.kill(-npm.pid!, 'SIGKILL')).toThrow(expect.objectContaining({ code: 'ESRCH' }) as Error);
      await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
    },
    120_000,
  );
});

const webhookSecret = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`;

async function listening(child: ChildProcess): Promise<void> {
  const said: string[] = [];
  createInterface({ input: child.stderr! }).on('line', (line) => said.push(line));
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error(said.join('\n'))));
    createInterface({ input: child.stdout! }).on('line', (line) => line.includes('"msg":"listening"') && resolve());
  });
}

describe('`node scripts/run.mjs`', () => {
  /** A program that needs no package. */
  const makeKey = (cwd: string, uid?: number) =>
    run('scripts/run.mjs', ['cli/new-key', join(scratchFolder(), 'a.pem')], { cwd, uid });
  const development = 'the build needs development packages (typescript): run `npm install --include=dev`';

  function withBuild(isStale: boolean): string {
    const folder = copyTo(scratchFolder(), 'scripts', 'package.json');
    mkdirSync(join(folder, 'src'));
    for (const file of ['main.js', 'cli/new-key.js']) cpSync(join(root, 'dist', file), join(folder, 'dist', file));
    writeFileSync(join(folder, 'src/main.ts'), '');
    const seconds = isStale ? 1 : 4e9;
    utimesSync(join(folder, 'dist/main.js'), seconds, seconds);
    return folder;
  }

  it('runs a build where there are no development packages', async () => {
    expect(await makeKey(withBuild(false))).toMatchObject({ code: 0, stderr: '' });
  });

  it('runs a build that is older than the source there, and says so', async () => {
    const { code, stderr } = await makeKey(withBuild(true));
    expect(code).toBe(0);
    expect(stderr).toMatch(/^dist is older than src, and is run as it is: [^\n]*\n$/);
    expect(stderr).toContain(development);
  });

  it('says in one line what a build needs', async () => {
    const folder = copyTo(scratchFolder(), 'scripts', 'package.json', 'src');
    const { code, stderr } = await makeKey(folder);
    expect([code, stderr]).toEqual([1, `Not built: ${development}, or build elsewhere and copy dist.\n`]);
  });

  it('says in one line that there is nothing to run', async () => {
    const { code, stderr } = await makeKey(copyTo(scratchFolder(), 'scripts', 'package.json'));
    expect([code, stderr]).toEqual([1, 'There is neither dist nor src: copy one of them here.\n']);
  });

  it.each([
    ['runs the build', true],
    ['says in one line what to do without a build', false],
  ])('in a checkout that cannot be written %s', async (_what, isBuilt) => {
    const folder = withBuild(true);
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(join(root, 'node_modules/typescript'), join(folder, 'node_modules/typescript'));
    if (!isBuilt) rmSync(join(folder, 'dist'), { recursive: true });
    chmodSync(folder, 0o555);
    // Root may write anywhere; another user stands in.
    const uid = process.getuid?.() === 0 ? 65_534 : undefined;
    const key = `${folder}/none/a.pem`;
    const { stderr } = await run('scripts/run.mjs', ['cli/new-key', key], { cwd: folder, uid });
    chmodSync(folder, 0o755);
    const reason = `${folder} cannot be written: run \`npm run build\` where it can, and copy dist.\n`;
    if (isBuilt) expect(stderr.startsWith(`dist is older than src, and is run as it is: ${reason}`)).toBe(true);
    else expect(stderr).toBe(`Not built: ${reason}`);
  });
});

describe('SQLite', () => {
  it('is not loaded by the package for another Node, and the sentence names package and remedy', () => {
    const [other, version, remedy] =
      node >= 22 ? [20, 12, 'node scripts/install-sqlite.mjs'] : [22, 13, 'npm install --include=optional'];
    expect(() => sqliteDriver(other)).toThrow(
      `DATABASE_URL: the package better-sqlite3 ${version}, by which Node ${other} opens SQLite, is not installed: ` +
        `run \`${remedy}\` with the Node that runs Hodi, or name a MySQL server.`,
    );
  });

  it.each([
    ['that is missing', undefined, 'is not installed'],
    ['for another Node or system', 'process.dlopen(module, __filename)', 'does not load (ERR_DLOPEN_FAILED)'],
    [
      'whose binary was not built',
      `throw new Error('Could not locate the bindings file.')`,
      'does not load (no binary)',
    ],
  ])('by a package %s is one sentence', async (_what, body, fault) => {
    const folder = copyTo(scratchFolder(), 'dist');
    mkdirSync(join(folder, 'node_modules'));
    const own = node >= 22 ? 'better-sqlite3' : '.sqlite-node-20/node_modules/better-sqlite3';
    if (body !== undefined) {
      mkdirSync(join(folder, 'node_modules', own), { recursive: true });
      writeFileSync(
        join(folder, 'node_modules', own, 'index.js'),
        `module.exports = class { constructor() { ${body}; } };`,
      );
    }
    writeFileSync(
      join(folder, 'open.js'),
      `try { require('./dist/database/sqlite-driver').sqliteDriver() } catch (error) { console.log(error.constructor.name, error.message) }`,
    );
    const { stdout } = await run('open.js', [], { cwd: folder });
    expect(stdout).toContain(`CannotStart DATABASE_URL: the package better-sqlite3 ${node >= 22 ? 13 : 12}`);
    expect(stdout).toContain(`, ${fault}: run \``);
    expect(stdout.trim().split('\n')).toHaveLength(1);
  });
});

describe('lock files', () => {
  it.each(['package-lock.json', 'scripts/sqlite-node-20/package-lock.json'])('%s names no host', (file) => {
    expect(readFileSync(join(root, file), 'utf8')).not.toMatch(/"resolved"/);
  });
});
