import { spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Account } from '../src/account/account.entity';
import { timeText } from '../src/clock/clock';
import { AuthEvent } from '../src/event/auth-event.entity';
import { Session } from '../src/session/session.entity';
import { SpentForeignToken } from '../src/account/spent-foreign-token.entity';
import { databases, sqlite } from './support/databases';
import { scratchFolder, secrets, testEnvironment } from './support/environment';
import type { HttpReply } from './support/http-client';
import { TestApp } from './support/test-app';

const legacySecret = 'django-wq8LkVb5XcYf7RmHs2PdJg9UaEoi4OpNyQwB';
const notValid = { status: 401, text: '{"detail":"Token is invalid or expired","code":"token_not_valid"}' };

type Json = Record<string, unknown>;

const run = (program: string, env: NodeJS.ProcessEnv, ...args: string[]) => {
  const file = join(__dirname, '../dist/cli', program);
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...args], {
    env: { PATH: process.env.PATH, ...env },
    cwd: env.DATA_DIR,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
};

/** `npm run migrate:simplejwt -- users.csv`, with these lines. */
function bringOver(env: NodeJS.ProcessEnv, ...lines: string[]) {
  const file = join(scratchFolder(), 'users.csv');
  writeFileSync(file, lines.join('\n'));
  return run('migrate-simplejwt.js', env, file);
}

/** A database of its own, with the tables of the service and nothing in them. */
async function freshDatabase(database = sqlite): Promise<NodeJS.ProcessEnv> {
  const env = testEnvironment({ DATABASE_URL: await database.create() });
  expect(run('migrate.js', env).status).toBe(0);
  return env;
}

const fileOf = ({ DATABASE_URL = '' }: NodeJS.ProcessEnv) => DATABASE_URL.replace('sqlite:', '');

const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Json;

/** As `RefreshToken.for_user` of simplejwt makes it. */
function legacyToken(claims: Json, secret = legacySecret, alg = 'HS256'): string {
  const part = (value: Json) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg, typ: 'JWT' })}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

const day = 86_400;
const seconds = ({ clock }: TestApp) => Math.floor(clock.now().getTime() / 1000);
let tokens = 0;

function legacyClaims(test: TestApp, more: Json = {}): Json {
  const iat = seconds(test) - day;
  const jti = (tokens += 1).toString(16).padStart(32, '0');
  return { token_type: 'refresh', exp: iat + 30 * 86_400, iat, jti, user_id: 17, ...more };
}

const refreshWith = (test: TestApp, refresh: string) => test.post('/api/account/token/refresh/', { refresh });
const blacklist = (test: TestApp, refresh: string) => test.post('/api/account/token/blacklist/', { refresh });
const pairIn = ({ text }: HttpReply) => JSON.parse(text) as { access: string; refresh: string };
const me = async (test: TestApp, { access }: { access: string }) => {
  const headers = { Authorization: `Bearer ${access}` };
  return JSON.parse((await test.send({ method: 'GET', path: '/api/account/me/', headers })).text) as Json;
};

describe('npm run migrate:simplejwt', () => {
  let template: string;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => void (template = fileOf(await freshDatabase())));
  beforeEach(async () => {
    env = testEnvironment({ DATABASE_URL: await sqlite.create() });
    copyFileSync(template, fileOf(env));
  });

  const accounts = async () => {
    const test = await TestApp.start(sqlite, env);
    const rows = await test.dataSource.getRepository(Account).find({ order: { phoneNumber: 'ASC' } });
    await test.stop();
    return rows;
  };
  const pairs = (rows: Account[]) => rows.map(({ importedUserId, phoneNumber }) => [importedUserId, phoneNumber]);

  it.each([
    ['a header line', ['user_id,phone_number', '17,+255679190720', '18,+255679190721']],
    ['no header line', ['17,+255679190720', '18,+255679190721']],
    ['a header line in quotes', ['"user_id","phone_number"', '"17","+255679190720"', '"18","+255679190721"']],
    ['a byte order mark', ['\uFEFFuser_id,phone_number', '17,+255679190720', '18,+255679190721']],
    ['a byte order mark and no header line', ['\uFEFF17,+255679190720', '18,+255679190721']],
    [
      'quotes, blanks and empty lines',
      ['user_id,phone_number', '"17", "+255 679 190 720" ', '', '18,+255679190721', ''],
    ],
    ['line ends of Windows', ['user_id,phone_number\r', '17,+255679190720\r', '18,+255679190721\r', '']],
    ['more columns', ['user_id,phone_number,email', '17,+255679190720,a@hodi.test', '18,+255679190721,']],
  ])('makes an account of each line of a file with %s', async (_name, lines) => {
    expect(bringOver(env, ...lines)).toEqual({
      status: 0,
      stdout: '2 accounts made, 0 known, 0 lines left out.\n',
      stderr: '',
    });
    const rows = await accounts();
    expect(pairs(rows)).toEqual([
      ['17', '+255679190720'],
      ['18', '+255679190721'],
    ]);
    expect(rows[0]).toMatchObject({ displayName: '', locale: '', createdAt: expect.any(Date) as Date });
  });

  it('tells bad lines by their numbers, never by what stands there, and takes the others', async () => {
    const lines = [
      'user_id,phone_number',
      ',+255679190720',
      '17,12345',
      '18',
      '１７,+255679190723',
      `${'9'.repeat(65)},+255679190722`,
      'x',
    ];
    const { status, stdout, stderr } = bringOver(env, ...lines, '19,+255679190721');
    expect([status, stdout]).toEqual([0, '1 accounts made, 0 known, 6 lines left out.\n']);
    expect(stderr.split('\n').slice(0, -1)).toEqual(
      [2, 3, 4, 5, 6, 7].map((line) => `line ${line}: no user_id, or no valid phone number; left out`),
    );
    expect(pairs(await accounts())).toEqual([['19', '+255679190721']]);
  });

  it('reads numbers without a country code where PHONE_DEFAULT_REGION is set', async () => {
    expect(bringOver({ ...env, PHONE_DEFAULT_REGION: 'TZ' }, '17,0679190720').status).toBe(0);
    expect(pairs(await accounts())).toEqual([['17', '+255679190720']]);
  });

  it('changes nothing when it is run again', async () => {
    const lines = ['user_id,phone_number', '17,+255679190720', '18,+255679190721'];
    bringOver(env, ...lines);
    const before = await accounts();
    expect(bringOver(env, ...lines)).toMatchObject({
      status: 0,
      stdout: '0 accounts made, 2 known, 0 lines left out.\n',
    });
    expect(await accounts()).toEqual(before);
  });

  it('gives an account that is there already its user_id, and leaves the rest of it', async () => {
    const test = await TestApp.start(sqlite, env);
    await test.verify('+255679190720', await test.obtainOtp('+255679190720'));
    await test.stop();
    const [before] = await accounts();
    expect(bringOver(env, '17,+255679190720')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^0 accounts made, 1 known/) as string,
    });
    expect(await accounts()).toEqual([{ ...before, importedUserId: '17' }]);
  });

  it('leaves out a user_id or a number that has another account, and goes on behind it', async () => {
    const test = await TestApp.start(sqlite, env);
    await test.verify('+255679190721', await test.obtainOtp('+255679190721'));
    await test.stop();
    const lines = ['17,+255679190720', '17,+255679190721', '18,+255679190720', '17,+255679190722', '19,+255679190723'];
    const { status, stdout, stderr } = bringOver(env, ...lines);
    expect(pairs(await accounts())).toEqual([
      ['17', '+255679190720'],
      [null, '+255679190721'],
      ['19', '+255679190723'],
    ]);
    expect([status, stdout]).toEqual([0, '2 accounts made, 0 known, 3 lines left out.\n']);
    expect(stderr).toMatch(/^line 2: [^\n]+\nline 3: [^\n]+\nline 4: [^\n]+\n$/);
  });

  it('says what is missing: the file, its name, or the tables', async () => {
    expect(run('migrate-simplejwt.js', env)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^Usage: /) as string,
    });
    expect(run('migrate-simplejwt.js', env, join(scratchFolder(), 'users.csv')).status).toBe(1);
    const empty = bringOver({ ...env, DATABASE_URL: await sqlite.create() }, '17,+255679190720');
    expect(empty).toMatchObject({ status: 1, stderr: expect.stringContaining('npm run migration:run') as string });
  });
});

describe.each(databases)('a refresh token of simplejwt, on $name', (database) => {
  let env: NodeJS.ProcessEnv;
  let test: TestApp;

  beforeAll(async () => {
    env = await freshDatabase(database);
    const lines = ['user_id,phone_number', '17,+255679190720', '18,+255679190721', 'a5c2,+255679190722'];
    expect(bringOver(env, ...lines).status).toBe(0);
    test = await TestApp.start(database, { ...env, SIMPLEJWT_SECRET: legacySecret });
  });
  beforeEach(async () => {
    for (const table of ['session', 'auth_event']) await test.dataSource.query(`DELETE FROM ${table}`);
  });
  afterAll(() => test.stop());

  const sessions = () => test.dataSource.getRepository(Session).find();
  const eventsOf = (kind: AuthEvent['kind']) => test.dataSource.getRepository(AuthEvent).findBy({ kind });

  it.each([
    [17, '+255679190720'],
    [18, '+255679190721'],
    ['a5c2', '+255679190722'],
  ])('of the user %p is traded for a pair of ours, for the account with that number', async (user_id, phone_number) => {
    const reply = await refreshWith(test, legacyToken(legacyClaims(test, { user_id })));
    expect(reply.status).toBe(200);
    expect(Object.keys(pairIn(reply))).toEqual(['access', 'refresh']);
    const account = await me(test, pairIn(reply));
    expect(account).toMatchObject({ phone_number, last_login_at: '2026-06-01T12:00:00.250000Z' });
    expect(claimsOf(pairIn(reply).access)).toMatchObject({
      token_type: 'access',
      sub: account.id,
      user_id: account.id,
    });
    expect((await sessions()).map(({ accountId }) => accountId)).toEqual([account.id]);
    expect((await refreshWith(test, pairIn(reply).refresh)).status).toBe(200);
  });

  it('names the same user by a number and by text', async () => {
    const replies = [await refreshWith(test, legacyToken(legacyClaims(test, { user_id: 17 })))];
    replies.push(await refreshWith(test, legacyToken(legacyClaims(test, { user_id: '17' }))));
    const [first, second] = replies.map((reply) => claimsOf(pairIn(reply).access));
    expect(second!.sub).toBe(first!.sub);
    expect(second!.sid).not.toBe(first!.sid);
  });

  it('gets the same refresh token until that is used', async () => {
    const token = legacyToken(legacyClaims(test));
    const first = pairIn(await refreshWith(test, token));
    for (const seconds of [9.999, 0.001, 3_600, 20 * day]) {
      test.clock.advance(seconds);
      expect(pairIn(await refreshWith(test, token)).refresh).toBe(first.refresh);
    }
    expect(await sessions()).toHaveLength(1);
    expect((await refreshWith(test, first.refresh)).status).toBe(200);
    expect(await eventsOf('refresh_token_reused')).toEqual([]);
  });

  it.each([0, 11, day])('is taken for stolen %s s after what it became was used', async (seconds) => {
    const token = legacyToken(legacyClaims(test));
    const first = pairIn(await refreshWith(test, token));
    const second = pairIn(await refreshWith(test, first.refresh));
    const before = await me(test, second);
    test.clock.advance(seconds);

    const thief = { 'User-Agent': 'Thief/1.0' };
    for (let time = 0; time < 2; time += 1)
      expect(await test.post('/api/account/token/refresh/', { refresh: token }, thief)).toMatchObject(notValid);
    expect(await refreshWith(test, second.refresh)).toMatchObject(notValid);
    const { accountId, id: sessionId, revokedWhy } = (await sessions())[0]!;
    expect(revokedWhy).toBe('refresh_token_reused');
    expect(await eventsOf('refresh_token_reused')).toMatchObject([
      { accountId, sessionId, ip: '127.0.0.0', userAgent: 'Thief/1.0' },
    ]);
    const account = await test.dataSource.getRepository(Account).findOneByOrFail({ id: accountId });
    expect(timeText(account.lastLoginAt)).toBe(before.last_login_at);
  });

  it('is signed out before it was exchanged, and can never be exchanged after that', async () => {
    const token = legacyToken(legacyClaims(test));
    for (let time = 0; time < 2; time += 1)
      expect(await blacklist(test, token)).toMatchObject({ status: 200, text: '{}' });
    expect(await refreshWith(test, token)).toMatchObject(notValid);
    expect(await sessions()).toEqual([]);
    expect((await refreshWith(test, legacyToken(legacyClaims(test)))).status).toBe(200);
    const [spent] = await test.dataSource.getRepository(SpentForeignToken).findBy({ jti: String(claimsOf(token).jti) });
    expect(spent).toMatchObject({
      spentAt: test.clock.now(),
      expiresAt: new Date(Number(claimsOf(token).exp) * 1000),
    });
  });

  it.each(['in use', 'expired'])(
    'closes by a sign-out the session that it was exchanged for, when %s',
    async (when) => {
      const token = legacyToken(legacyClaims(test));
      const first = pairIn(await refreshWith(test, token));
      const newest = pairIn(await refreshWith(test, first.refresh));
      if (when === 'expired') {
        test.clock.advance(29 * day + 1);
        expect(await refreshWith(test, token)).toMatchObject(notValid);
      }
      for (let time = 0; time < 2; time += 1)
        expect(await blacklist(test, token)).toMatchObject({ status: 200, text: '{}' });
      for (const it of [newest.refresh, token]) expect(await refreshWith(test, it)).toMatchObject(notValid);
      const headers = { Authorization: `Bearer ${newest.access}` };
      expect((await test.send({ method: 'GET', path: '/api/account/me/', headers })).status).toBe(401);
      expect(await eventsOf('signed_out')).toHaveLength(1);
      expect(await eventsOf('refresh_token_reused')).toEqual([]);
    },
  );

  it.each<[string, (test: TestApp) => string]>([
    ['another key', (it) => legacyToken(legacyClaims(it), `${legacySecret}x`)],
    ['token_type access', (it) => legacyToken(legacyClaims(it, { token_type: 'access' }))],
    ['no jti', (it) => legacyToken(legacyClaims(it, { jti: undefined }))],
    ['an unknown user', (it) => legacyToken(legacyClaims(it, { user_id: 99 }))],
    ['a life of 31 years', (it) => legacyToken(legacyClaims(it, { exp: seconds(it) + 31 * 365 * day }))],
  ])('is no token of ours to sign out with %s', async (_name, make) => {
    expect(await blacklist(test, make(test))).toMatchObject(notValid);
  });

  it('stays spent when its account was deleted and is brought over anew, and so does one that was signed out', async () => {
    const phone = '+255679190729';
    const [exchanged, signedOut, unknown] = [1, 2, 3].map(() => legacyToken(legacyClaims(test, { user_id: 29 })));
    expect(await blacklist(test, unknown!)).toMatchObject(notValid);
    expect(bringOver(env, `29,${phone}`).status).toBe(0);
    expect((await refreshWith(test, exchanged!)).status).toBe(200);
    expect((await blacklist(test, signedOut!)).status).toBe(200);
    const { access } = pairIn(await test.verify(phone, await test.obtainOtp(phone)));
    const headers = { Authorization: `Bearer ${access}` };
    expect((await test.send({ method: 'DELETE', path: '/api/account/me/', headers })).status).toBe(204);
    const stillSpent = async () => {
      for (const token of [exchanged!, signedOut!]) {
        expect(await refreshWith(test, token)).toMatchObject(notValid);
        expect((await blacklist(test, token)).status).toBe(200);
      }
    };

    await stillSpent();
    expect(bringOver(env, `29,${phone}`).stdout).toMatch(/^1 accounts made/);
    await stillSpent();
    expect(await sessions()).toEqual([]);
    expect((await refreshWith(test, unknown!)).status).toBe(200);
  });

  it('opens no session of another user whose token has the same jti', async () => {
    const [token, twin] = [17, 18].map((user_id) => legacyToken(legacyClaims(test, { user_id, jti: 'twin' })));
    const { refresh } = pairIn(await refreshWith(test, token!));
    for (const use of [refreshWith, blacklist]) {
      await use(test, twin!);
      expect((await sessions()).map(({ revokedAt }) => revokedAt)).toEqual([null]);
    }
    expect(await refreshWith(test, twin!)).toMatchObject(notValid);
    expect((await refreshWith(test, refresh)).status).toBe(200);
  });

  it.each<[string, (now: number) => Json]>([
    ['a clock 30 s ahead', (now) => ({ iat: now + 30, exp: now + day })],
    ['a life of 90 days', (now) => ({ iat: now - 60, exp: now - 60 + 90 * day })],
  ])('is taken with %s', async (_name, times) => {
    const reply = await refreshWith(test, legacyToken(legacyClaims(test, times(seconds(test)))));
    expect(reply.status).toBe(200);
  });

  it('may live as long as SIMPLEJWT_MAX_LIFE_SECONDS says', async () => {
    const more = { SIMPLEJWT_SECRET: legacySecret, SIMPLEJWT_MAX_LIFE_SECONDS: '31536000' };
    const other = await TestApp.start(database, { ...env, ...more });
    const of = (life: number) => legacyToken(legacyClaims(other, { iat: seconds(other), exp: seconds(other) + life }));
    const replies = [await refreshWith(other, of(365 * day)), await refreshWith(other, of(365 * day + 1))];
    await other.stop();
    expect(replies.map(({ status }) => status)).toEqual([200, 401]);
  });

  it('makes one session of 50 parallel exchanges', async () => {
    const token = legacyToken(legacyClaims(test));
    const replies = await Promise.all(Array.from({ length: 50 }, () => refreshWith(test, token)));
    expect(replies.filter(({ status }) => status !== 200)).toEqual([]);
    expect(new Set(replies.map((reply) => pairIn(reply).refresh)).size).toBe(1);
    expect(await sessions()).toHaveLength(1);
  });

  it('is not revived by a sign-out of what it became', async () => {
    const token = legacyToken(legacyClaims(test));
    const { refresh } = pairIn(await refreshWith(test, token));
    expect((await test.post('/api/account/token/blacklist/', { refresh })).status).toBe(200);
    expect(await refreshWith(test, token)).toMatchObject(notValid);
  });

  it.each<[string, (test: TestApp) => string]>([
    ['an unknown user', (it) => legacyToken(legacyClaims(it, { user_id: 99 }))],
    ['no user', (it) => legacyToken(legacyClaims(it, { user_id: undefined }))],
    ['an empty user', (it) => legacyToken(legacyClaims(it, { user_id: '' }))],
    ['null as user', (it) => legacyToken(legacyClaims(it, { user_id: null }))],
    ['a list as user', (it) => legacyToken(legacyClaims(it, { user_id: [17] }))],
    ['a fraction as user', (it) => legacyToken(legacyClaims(it, { user_id: 17.5 }))],
    ['the user in another claim', (it) => legacyToken(legacyClaims(it, { user_id: undefined, uid: 17 }))],
    ['token_type access', (it) => legacyToken(legacyClaims(it, { token_type: 'access' }))],
    ['no token_type', (it) => legacyToken(legacyClaims(it, { token_type: undefined }))],
    ['another key', (it) => legacyToken(legacyClaims(it), `${legacySecret}x`)],
    ['the key of our access tokens', (it) => legacyToken(legacyClaims(it), secrets.JWT_SECRET)],
    ['alg none', (it) => legacyToken(legacyClaims(it), legacySecret, 'none')],
    [
      'an end in this second',
      (it) => legacyToken(legacyClaims(it, { exp: Math.floor(it.clock.now().getTime() / 1000) })),
    ],
    ['no end', (it) => legacyToken(legacyClaims(it, { exp: undefined }))],
    ['no beginning', (it) => legacyToken(legacyClaims(it, { iat: undefined }))],
    ['text as beginning', (it) => legacyToken(legacyClaims(it, { iat: '0' }))],
    ['a beginning 31 s ahead', (it) => legacyToken(legacyClaims(it, { iat: seconds(it) + 31 }))],
    ['a beginning in 31 years', (it) => legacyToken(legacyClaims(it, { iat: seconds(it) + 31 * 365 * day }))],
    ['a life of 31 years', (it) => legacyToken(legacyClaims(it, { exp: seconds(it) + 31 * 365 * day }))],
    [
      'a life of 90 days and 1 s',
      (it) => legacyToken(legacyClaims(it, { iat: seconds(it), exp: seconds(it) + 90 * day + 1 })),
    ],
    ['a beginning in 1970', (it) => legacyToken(legacyClaims(it, { iat: 0 }))],
    ['no jti', (it) => legacyToken(legacyClaims(it, { jti: undefined }))],
    ['an empty jti', (it) => legacyToken(legacyClaims(it, { jti: '' }))],
    ['a jti longer than ours can be', (it) => legacyToken(legacyClaims(it, { jti: 'a'.repeat(65) }))],
    ['a jti beyond ASCII', (it) => legacyToken(legacyClaims(it, { jti: 'é' }))],
    ['a user longer than any', (it) => legacyToken(legacyClaims(it, { user_id: '9'.repeat(500) }))],
    ['a user beyond ASCII', (it) => legacyToken(legacyClaims(it, { user_id: '１７' }))],
  ])('is refused with %s', async (_name, make) => {
    expect(await refreshWith(test, make(test))).toMatchObject(notValid);
    expect(await sessions()).toEqual([]);
  });

  it('opens nothing but the exchange', async () => {
    const token = legacyToken(legacyClaims(test));
    const access = legacyToken(legacyClaims(test, { token_type: 'access' }));
    for (const it of [token, access]) {
      expect(await test.post('/api/account/token/verify/', { token: it })).toMatchObject(notValid);
      const headers = { Authorization: `Bearer ${it}` };
      expect((await test.send({ method: 'GET', path: '/api/account/me/', headers })).status).toBe(401);
    }
    expect(await sessions()).toEqual([]);
  });

  it('is refused where SIMPLEJWT_SECRET is not set', async () => {
    const plain = await TestApp.start(database, env);
    const reply = await refreshWith(plain, legacyToken(legacyClaims(plain)));
    await plain.stop();
    expect(reply).toMatchObject(notValid);
  });

  it('is read by the claim that SIMPLEJWT_USER_ID_CLAIM names', async () => {
    const more = { SIMPLEJWT_SECRET: legacySecret, SIMPLEJWT_USER_ID_CLAIM: 'uid' };
    const other = await TestApp.start(database, { ...env, ...more });
    const named = await refreshWith(other, legacyToken(legacyClaims(other, { user_id: 18, uid: 17 })));
    const unnamed = await refreshWith(other, legacyToken(legacyClaims(other)));
    const account = await me(other, pairIn(named)).finally(() => other.stop());
    expect(account.phone_number).toBe('+255679190720');
    expect(unnamed).toMatchObject(notValid);
  });
});
