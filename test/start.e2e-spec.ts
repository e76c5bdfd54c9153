import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { connectDatabase, databaseOptions } from '../src/database/data-source';
import type { DatabaseSettings } from '../src/database/database-settings';
import { scratchFolder, secrets, testEnvironment } from './support/environment';
import { freePort } from './support/free-port';
import { ServiceProcess } from './support/service-process';

const root = join(__dirname, '..');

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a program of the build to its end; one that comes to listen is told to stop. */
async function run(program: 'main' | 'cli/migrate', env: NodeJS.ProcessEnv, cwd = scratchFolder()): Promise<Outcome> {
  const child = spawn(process.execPath, [join(root, 'dist', `${program}.js`)], { env, cwd });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    // Once: a second one would not wait for what runs.
    if (stdout.includes('"msg":"listening"') && !child.killed) child.kill('SIGTERM');
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** @returns the code of the error with which the port refuses */
async function refusalOf(port: number): Promise<string | undefined> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  } finally {
    socket.destroy();
  }
}

function fileOf(text: string): string {
  const file = join(scratchFolder(), 'marker-file');
  writeFileSync(file, text);
  return file;
}

const shortKey = 'wR7pLq2ZxV9mTb4KcJ8nHs1GfDy6QaE';
const sampleKey = 'change-me-uV0vJm3qk9T1bB6rXw8yZ4nC7eHf';
const noDatabase = `sqlite:${fileOf('this is no database, whoever named it so. '.repeat(100))}`;
const noSecrets = { SECRET_KEY: '', JWT_SECRET: '' };

type BadStart = [what: string, name: string, value: string, more?: NodeJS.ProcessEnv];

const badStarts: BadStart[] = [
  ['an unknown', 'NODE_ENV', 'staging-marker'],
  ['another machine’s', 'HOST', '203.0.113.7'],
  ['a too high', 'PORT', '70111'],
  ['another kind of', 'DATABASE_URL', 'postgres://marker:marker@127.0.0.1/marker'],
  ['a nameless', 'DATABASE_URL', 'mysql://marker:marker@127.0.0.1'],
  ['an unusable', 'DATABASE_URL', noDatabase],
  ['a short', 'SECRET_KEY', shortKey],
  ['a sample', 'SECRET_KEY', sampleKey],
  ['a repeated', 'SECRET_KEY', [secrets.SECRET_KEY, secrets.SECRET_KEY].join()],
  ['a short', 'JWT_SECRET', shortKey],
  ['a sample', 'JWT_SECRET', sampleKey],
  ['a reused', 'JWT_SECRET', secrets.SECRET_KEY],
  ['a long', 'ACCESS_TOKEN_TTL_SECONDS', '86411'],
  ['a longer than longest', 'REFRESH_TOKEN_IDLE_SECONDS', '7776111'],
  ['a wordy', 'REFRESH_TOKEN_MAX_SECONDS', 'never'],
  ['a long', 'OTP_TTL_SECONDS', '601'],
  ['a generous', 'OTP_MAX_ATTEMPTS', '111'],
  ['a negative', 'OTP_RESEND_SECONDS', '-60'],
  ['an unknown', 'SMS_TRANSPORT', 'pigeon'],
  ['another kind of', 'REDIS_URL', 'http://:marker@127.0.0.1:6379'],
  ['a wordy', 'THROTTLE_LIMIT', 'marker'],
  ['a scientific', 'THROTTLE_TTL_SECONDS', '1e3'],
  ['a too narrow', 'TRUSTED_PROXIES', '10.1.2.3/33'],
  ['a wildcard for', 'CORS_ORIGINS', '*'],
  ['a wildcard in', 'CORS_ORIGINS', 'https://*.marker.test'],
  ['a path in', 'CORS_ORIGINS', 'https://marker.test/path'],
  ['an unknown', 'PHONE_DEFAULT_REGION', 'Tanzania'],
  ['an unknown', 'PHONE_COUNTRIES', 'KE,Tanzania'],
  ['an unknown', 'LOG_LEVEL', 'loud'],
];

describe('the start is refused, and nothing listens, for', () => {
  const atATime = 4;
  const outcomes: (Outcome & { refusal: string | undefined })[] = [];

  async function tryOut([, name, value, more]: BadStart) {
    const port = await freePort();
    const env = { NODE_ENV: 'development', PORT: String(port), ...more, [name]: value };
    const outcome = await run('main', testEnvironment(env));
    return { ...outcome, refusal: await refusalOf(port) };
  }

  beforeAll(async () => {
    for (let at = 0; at < badStarts.length; at += atATime) {
      outcomes.push(...(await Promise.all(badStarts.slice(at, at + atATime).map(tryOut))));
    }
  }, 120_000);

  it.each(badStarts.map(([what, name, value], row) => ({ what, name, value, row })))(
    '$what $name, which is named and not told',
    ({ name, value, row }) => {
      const { code, stdout, stderr, refusal } = outcomes[row]!;
      expect({ code, refusal }).toEqual({ code: 1, refusal: 'ECONNREFUSED' });
      expect(stderr).toMatch(new RegExp(`^ *${name}\\b.*: `, 'm'));
      expect(stderr).not.toMatch(/^ +at /m);
      expect(stdout).not.toContain('listening');
      expect(stdout + stderr).not.toContain(value);
    },
  );
});

describe('a database', () => {
  it('that is out of reach is named without its password', async () => {
    const DATABASE_URL = 'mysql://hodi:marker-password@127.0.0.1:1/hodi';
    const [start, migrate] = await Promise.all([
      run('main', testEnvironment({ DATABASE_URL })),
      run('cli/migrate', testEnvironment({ DATABASE_URL })),
    ]);
    const stderr = 'DATABASE_URL: no usable database at 127.0.0.1:1 (ECONNREFUSED).\n';
    expect(start).toEqual({ code: 1, stdout: '', stderr });
    expect(migrate).toEqual({ code: 1, stdout: '', stderr });
  });

  it('that is none is named by the migration as well, without a stack', async () => {
    const { code, stderr } = await run('cli/migrate', testEnvironment({ DATABASE_URL: noDatabase }));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^DATABASE_URL: .*\n$/);
  });

  it('without migrations is refused in production until they are run', async () => {
    const file = join(scratchFolder(), 'production.sqlite');
    const production: DatabaseSettings = { production: true, database: { kind: 'sqlite', file } };
    const connected = async () => connectDatabase(await databaseOptions(production));
    await expect(connected()).rejects.toThrow(
      'The database lacks migrations: run `npm run migration:run`, then start again.',
    );

    const env = testEnvironment({ DATABASE_URL: `sqlite:${file}` });
    const first = await run('cli/migrate', env);
    expect(first).toEqual({ code: 0, stdout: expect.stringMatching(/^Applied: \w+(, \w+)*\n$/) as string, stderr: '' });
    const second = await run('cli/migrate', env);
    expect(second).toEqual({ code: 0, stdout: 'All migrations are applied already.\n', stderr: '' });

    const dataSource = await connected();
    expect(await dataSource.showMigrations()).toBe(false);
    await dataSource.destroy();
  });
});

describe('a folder or a file that cannot be used is named with what to do, for', () => {
  const aFile = fileOf('');
  const unwritable = (text: string): string => {
    const folder = scratchFolder();
    writeFileSync(join(folder, 'secret-key'), text);
    return folder;
  };
  const inFolder = scratchFolder();
  mkdirSync(join(inFolder, 'jwt-secret'));
  const half = unwritable('cut off');
  const empty = unwritable('');
  const remade = 'delete it, and another is made at the next start.';
  const allowed = 'let the user that runs Hodi write to that folder, or name another one in DATA_DIR.';
  const written =
    'let the user that runs Hodi write to the file and its folder, or name another (it lies in DATA_DIR by default).';

  it.each([
    ['a DATA_DIR under a file', { DATA_DIR: join(aFile, 'data') }, join(aFile, 'data/secret-key'), allowed],
    ['a DATA_DIR that is a file', { DATA_DIR: aFile }, join(aFile, 'secret-key'), allowed],
    ['a folder for a secret', { DATA_DIR: inFolder }, join(inFolder, 'jwt-secret'), allowed],
    ['half a secret', { DATA_DIR: half }, join(half, 'secret-key'), remade],
    ['an empty secret', { DATA_DIR: empty }, join(empty, 'secret-key'), remade],
    ['a database in a file', { ...secrets, DATABASE_URL: `sqlite:${aFile}/a.sqlite` }, `${aFile}/a.sqlite`, written],
    ['a folder for a database', { ...secrets, DATABASE_URL: `sqlite:${inFolder}` }, inFolder, written],
    [
      'text for a database',
      { ...secrets, DATABASE_URL: noDatabase },
      noDatabase.slice('sqlite:'.length),
      'or name another.',
    ],
  ])('%s', async (_what, env, path, remedy) => {
    const outcome = await run('main', { ...testEnvironment(), ...noSecrets, ...env });
    expect(outcome).toMatchObject({ code: 1, stdout: '' });
    expect(outcome.stderr).toMatch(/^(DATA_DIR|DATABASE_URL): [^\n]*\n$/);
    expect(outcome.stderr).toContain(` ${path} `);
    expect(outcome.stderr.endsWith(`${remedy}\n`)).toBe(true);
  });
});

describe('production', () => {
  const missing = 'is missing, and production has no default for it';
  const revealing = 'shows codes to anyone at the machine (console, file): not for production';
  const remedy = '; make one with: openssl rand -base64 48';
  const secretsAndTransport = ['SECRET_KEY', 'JWT_SECRET', 'SMS_TRANSPORT'];
  let outcomes: Outcome[];

  beforeAll(async () => {
    const given = { NODE_ENV: 'production', ...secrets };
    const environments = [
      { NODE_ENV: 'production' },
      ...['console', 'file'].map((it) => ({ ...given, SMS_TRANSPORT: it })),
    ];
    outcomes = await Promise.all(environments.map((env) => run('main', env)));
  });

  it.each([
    ['has no default for secrets and a transport, and says how to make a secret', 0, secretsAndTransport, missing],
    ['refuses console for texts', 1, ['SMS_TRANSPORT'], revealing],
    ['refuses file for texts', 2, ['SMS_TRANSPORT'], revealing],
  ])('%s', (_title, row, names, fault) => {
    const lines = names.map((name) => `  ${name}: ${fault}${name in secrets ? remedy : ''}\n`).join('');
    const stderr = `These settings must be fixed before Hodi can start:\n${lines}`;
    expect(outcomes[row]).toEqual({ code: 1, stdout: '', stderr });
  });
});

describe('a start', () => {
  const example = join(root, '.env.example');
  const development = testEnvironment({ NODE_ENV: 'development' });
  const folder = scratchFolder();
  let asDeveloped: Outcome;
  let asCopied: Outcome;
  let asShown: Outcome;

  beforeAll(async () => {
    copyFileSync(example, join(folder, '.env'));
    const everyLine = parseEnv(readFileSync(example, 'utf8').replace(/^# (?=[A-Z_]+=)/gm, ''));
    [asDeveloped, asCopied, asShown] = await Promise.all([
      run('main', development),
      run('main', { PORT: '0' }, folder),
      run('main', { ...everyLine, REDIS_URL: '', PORT: '0' }),
    ]);
  });

  it('in development says where Swagger UI is and where codes appear', () => {
    const [, url] = /"url":"([^"]+)","msg":"listening"/.exec(asDeveloped.stdout)!;
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(asDeveloped.stdout).toContain(
      `\n  Hodi listens on ${url}\n  Swagger UI: ${url}/api/docs/\n  Codes appear in ${development.DATA_DIR}/sms.jsonl.\n`,
    );
    expect(asDeveloped.stderr).toBe('');
  });

  it('needs no more than .env.example as .env', () => {
    expect(asCopied).toMatchObject({ code: 0, stderr: '' });
    expect(asCopied.stdout).toContain('\n  Codes appear here.\n');
    expect(readdirSync(join(folder, '.data')).sort()).toEqual(['hodi.sqlite', 'jwt-secret', 'secret-key']);
  });

  it('works with every line of .env.example', () => {
    expect(asShown).toMatchObject({ code: 0, stderr: '' });
    expect(asShown.stdout).toContain('"msg":"listening"');
  });

  it('on a port in use says so, without a stack', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { code, stderr } = await run('main', testEnvironment({ PORT: String(port) }));
    server.close();
    expect(code).toBe(1);
    expect(stderr).toBe(
      `PORT: ${port} is in use (EADDRINUSE): end what listens there, perhaps another Hodi, or set PORT to a free one.\n`,
    );
  });

  it.each(['127.1.1.999', 'no-such-host.invalid', '203.0.113.7'])('on %s says what HOST may be', async (HOST) => {
    const { code, stderr } = await run('main', testEnvironment({ HOST }));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^HOST: is no address of this machine \(E\w+\): set HOST to 127\.0\.0\.1, .*\n$/);
    expect(stderr).not.toContain(HOST);
  });

  it('ends with 0 on SIGTERM', async () => {
    const service = await ServiceProcess.start();
    expect(await service.stop()).toBe(0);
  });
});
