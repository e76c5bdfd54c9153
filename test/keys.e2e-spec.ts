import { execFileSync, spawnSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { calculateJwkThumbprint, createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify, type JWK } from 'jose';
import { readSettings } from '../src/settings/settings';
import { databases, mysql, sqlite } from './support/databases';
import { mysqlUrl, scratchFolder, secrets, testEnvironment } from './support/environment';
import { codeIn } from './support/inbox';
import { TestApp } from './support/test-app';

const newKeyFile = join(__dirname, '../dist/cli/new-key.js');
const newKey = (...args: string[]) => spawnSync(process.execPath, [newKeyFile, ...args], { encoding: 'utf8' });

function keyFile(algorithm = 'es256'): string {
  const file = join(scratchFolder(), 'key.pem');
  execFileSync(process.execPath, [newKeyFile, file, algorithm]);
  return file;
}

interface Pair {
  access: string;
  refresh: string;
}

let numbers = 0;
const newNumber = () => `+255679${String(100_000 + (numbers += 1))}`;

async function signIn(test: TestApp, phone = newNumber()): Promise<Pair> {
  const reply = await test.verify(phone, await test.obtainOtp(phone));
  expect(reply).toMatchObject({ status: 200 });
  return JSON.parse(reply.text) as Pair;
}

const me = (test: TestApp, access: string) =>
  test.send({ method: 'GET', path: '/api/account/me/', headers: { Authorization: `Bearer ${access}` } });
const refreshWith = (test: TestApp, refresh: string) => test.post('/api/account/token/refresh/', { refresh });
const notValid = '{"detail":"Token is invalid or expired","code":"token_not_valid"}';

async function publishedBy(test: TestApp): Promise<{ keys: JWK[] }> {
  const reply = await test.send({ method: 'GET', path: '/.well-known/jwks.json' });
  expect(reply.status).toBe(200);
  return JSON.parse(reply.text) as { keys: JWK[] };
}

describe('npm run keys:new', () => {
  it.each([
    ['an EC key on P-256 unless told otherwise', [], { namedCurve: 'prime256v1' }],
    ['an EC key on P-256 for es256', ['es256'], { namedCurve: 'prime256v1' }],
    ['an RSA key of 3072 bits for rs256', ['rs256'], { modulusLength: 3072, publicExponent: 65537n }],
  ])('writes %s, for its owner alone', (_name, args, details) => {
    const file = join(scratchFolder(), 'key.pem');
    const { status, stdout, stderr } = newKey(file, ...args);
    const pem = readFileSync(file, 'utf8');

    expect([status, stdout, stderr]).toEqual([0, expect.stringContaining(file) as string, '']);
    expect(pem).toMatch(/^-----BEGIN PRIVATE KEY-----\n[\s\S]+\n-----END PRIVATE KEY-----\n$/);
    expect(createPrivateKey(pem).asymmetricKeyDetails).toEqual(details);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('leaves a file alone that is there already', () => {
    const file = keyFile();
    const before = readFileSync(file);
    expect(newKey(file)).toMatchObject({ status: 1, stdout: '' });
    expect(readFileSync(file)).toEqual(before);
  });

  it.each([
    ['no file', []],
    ['an algorithm that is not offered', [join(scratchFolder(), 'key.pem'), 'hs256']],
  ])('refuses %s and says how it is used', (_name, args) => {
    const { status, stderr } = newKey(...args);
    expect([status, stderr]).toEqual([1, expect.stringContaining('[es256|rs256]') as string]);
  });
});

describe.each([
  ['ES256', { kty: 'EC', crv: 'P-256' }, ['x', 'y']],
  ['RS256', { kty: 'RSA', e: 'AQAB' }, ['n']],
])('access tokens signed by %s', (algorithm, facts, numbersOfKey) => {
  let test: TestApp;
  let pair: Pair;
  beforeAll(async () => {
    const env = { JWT_SECRET: '', JWT_ISSUER: 'https://id.hodi.test', JWT_AUDIENCE: 'app' };
    test = await TestApp.start(sqlite, { ...env, JWT_KEY_FILES: keyFile(algorithm.toLowerCase()) });
    pair = await signIn(test);
  });
  afterAll(() => test.stop());

  it('have alg, typ and the kid of the one key that is published, which is its thumbprint', async () => {
    const { keys } = await publishedBy(test);
    const kid = await calculateJwkThumbprint(keys[0]!);
    expect(keys).toEqual([
      {
        ...facts,
        ...Object.fromEntries(numbersOfKey.map((name) => [name, expect.stringMatching(/^[\w-]+$/) as string])),
        kid,
        alg: algorithm,
        use: 'sig',
      },
    ]);
    expect(decodeProtectedHeader(pair.access)).toEqual({ alg: algorithm, typ: 'JWT', kid });
  });

  it('are accepted here, and by jose with what is published', async () => {
    const keys = createLocalJWKSet(await publishedBy(test));
    const { payload } = await jwtVerify(pair.access, keys, {
      issuer: 'https://id.hodi.test',
      audience: 'app',
      algorithms: [algorithm],
      currentDate: test.clock.now(),
    });
    const account = JSON.parse((await me(test, pair.access)).text) as { id: string };
    expect(payload).toMatchObject({ token_type: 'access', sub: account.id, user_id: account.id });
  });

  it('come with refresh tokens that stay HS256 and rotate', async () => {
    expect(decodeProtectedHeader(pair.refresh)).toEqual({ alg: 'HS256', typ: 'JWT' });
    const reply = await refreshWith(test, pair.refresh);
    const next = JSON.parse(reply.text) as Pair;
    expect(decodeProtectedHeader(next.access).alg).toBe(algorithm);
    expect(decodeProtectedHeader(next.refresh)).toEqual({ alg: 'HS256', typ: 'JWT' });
  });
});

describe('ACCESS_TOKEN_CLAIMS', () => {
  const names = ['phone_number', 'phone_country', 'new_member', 'display_name', 'locale'];
  const standard = ['exp', 'iat', 'jti', 'sid', 'sub', 'token_type', 'user_id'];

  it('unset: no key is published, and no token tells anything of the account', async () => {
    const test = await TestApp.start();
    const { access, refresh } = await signIn(test);
    const next = JSON.parse((await refreshWith(test, refresh)).text) as Pair;
    const published = await publishedBy(test);
    await test.stop();
    for (const token of [access, refresh, next.access, next.refresh])
      expect(Object.keys(decodeJwt(token)).sort()).toEqual(standard);
    expect(published).toEqual({ keys: [] });
  });

  it('tells each claim at the sign-in, and what has become of it at each refresh', async () => {
    const test = await TestApp.start(sqlite, { ACCESS_TOKEN_CLAIMS: names.join(',') });
    const phone = newNumber();
    const first = await signIn(test, phone);
    const told = { phone_number: phone, phone_country: 'TZ', display_name: '', locale: '' };
    expect(decodeJwt(first.access)).toMatchObject({ ...told, new_member: true });
    expect(Object.keys(decodeJwt(first.refresh)).sort()).toEqual(standard);

    const second = JSON.parse((await refreshWith(test, first.refresh)).text) as Pair;
    expect(decodeJwt(second.access)).toMatchObject({ ...told, new_member: false });

    const headers = { Authorization: `Bearer ${second.access}`, 'Content-Type': 'application/json' };
    const body = '{"display_name":"Asha","locale":"sw"}';
    expect(await test.send({ method: 'PATCH', path: '/api/account/me/', headers, body })).toMatchObject({
      status: 200,
    });
    const third = JSON.parse((await refreshWith(test, second.refresh)).text) as Pair;
    const later = { ...told, new_member: false, display_name: 'Asha', locale: 'sw' };
    expect(decodeJwt(third.access)).toMatchObject(later);
    test.clock.advance(60);
    expect(decodeJwt((await signIn(test, phone)).access)).toMatchObject(later);
    await test.stop();
  });

  it.each(names)('tells %s alone if nothing else is asked for', async (name) => {
    const test = await TestApp.start(sqlite, { ACCESS_TOKEN_CLAIMS: name });
    const { access } = await signIn(test).finally(() => test.stop());
    expect(Object.keys(decodeJwt(access)).sort()).toEqual([...standard, name].sort());
  });

  it('is refused at the start with a name that is not offered', () => {
    expect(() => readSettings(testEnvironment({ ACCESS_TOKEN_CLAIMS: 'locale,email' }))).toThrow(
      expect.objectContaining({ faults: [`ACCESS_TOKEN_CLAIMS: must be out of: ${names.join(', ')}`] }) as Error,
    );
  });
});

/** What a service of the original stack does with a request that carries a token. */
const askSimplejwt = `
import sys, django
from types import SimpleNamespace
from django.conf import settings
settings.configure(SECRET_KEY="unused", SIMPLE_JWT={"SIGNING_KEY": sys.argv[1], "ALGORITHM": "HS256"}, USE_TZ=True,
  INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"])
django.setup()
from rest_framework.test import APIRequestFactory
from rest_framework_simplejwt.authentication import JWTAuthentication, JWTStatelessUserAuthentication
class Users:
  DoesNotExist = KeyError
  class objects:
    get = staticmethod(lambda id: SimpleNamespace(id=id, is_active=True))
stateful = JWTAuthentication()
stateful.user_model = Users
request = APIRequestFactory().get("/", HTTP_AUTHORIZATION="Bearer " + sys.argv[2])
print(*[it.authenticate(request)[0].id for it in [stateful, JWTStatelessUserAuthentication()]])
`;
const simplejwt = spawnSync('/usr/bin/python3', ['-c', 'import rest_framework_simplejwt']).status === 0;

(simplejwt ? describe : describe.skip)('simplejwt (skipped without python3-djangorestframework-simplejwt)', () => {
  it('authenticates a request with our access token, with a table of users and without one', async () => {
    const test = await TestApp.start();
    // simplejwt asks the machine for the time.
    test.clock.advance((new Date().getTime() - test.clock.now().getTime()) / 1000);
    const { access, refresh } = await signIn(test).finally(() => test.stop());
    const ask = (token: string) =>
      execFileSync('/usr/bin/python3', ['-c', askSimplejwt, secrets.JWT_SECRET, token], { stdio: 'pipe' });
    const { sub } = decodeJwt(access);
    expect(ask(access).toString().trim()).toBe(`${sub} ${sub}`);
    expect(() => ask(refresh)).toThrow();
  });
});

const [older, newer] = [secrets.SECRET_KEY, 'n3TqWz8LkVb5XcYf7RmHs2PdJg9UaEoi4OpNyQwB'];

describe.each(databases)('a SECRET_KEY that is changed, on $name', (database) => {
  it('still checks codes and refresh tokens while it is in the ring, and not a day longer', async () => {
    const env = { DATABASE_URL: await database.create() };
    const [phone, another] = [newNumber(), newNumber()];
    const before = await TestApp.start(database, { ...env, SECRET_KEY: older });
    const sessions = [await signIn(before), await signIn(before)] as const;
    const codes = [await before.obtainOtp(phone), await before.obtainOtp(another)] as const;
    await before.stop();

    const between = await TestApp.start(database, { ...env, SECRET_KEY: `${newer},${older}` });
    expect((await between.verify(phone, codes[0])).status).toBe(200);
    const rotated = await refreshWith(between, sessions[0].refresh);
    expect(rotated.status).toBe(200);
    expect((await between.post('/api/account/token/verify/', { token: sessions[1].refresh })).text).toBe('{}');
    await between.stop();

    const after = await TestApp.start(database, { ...env, SECRET_KEY: newer });
    expect(await after.verify(another, codes[1])).toMatchObject({ status: 400, text: '{"detail":"Invalid OTP"}' });
    expect(await refreshWith(after, sessions[1].refresh)).toMatchObject({ status: 401, text: notValid });
    expect((await refreshWith(after, (JSON.parse(rotated.text) as Pair).refresh)).status).toBe(200);
    await after.stop();
  });
});

/** Two nodes that are replaced one after the other; a node that goes still answers what it has taken. */
class Fleet {
  private readonly all: TestApp[] = [];
  private readonly busy = new Map<TestApp, Set<Promise<unknown>>>();
  readonly nodes: TestApp[] = [];

  constructor(private readonly database: string) {}

  async put(place: number, env: NodeJS.ProcessEnv): Promise<void> {
    const node = await TestApp.start(mysql, { DATABASE_URL: this.database, ...env });
    const old = this.nodes[place];
    this.all.push(node);
    this.nodes[place] = node;
    if (old === undefined) return;
    await Promise.all(this.busy.get(old) ?? new Set<Promise<unknown>>());
    await old.stop();
  }

  /** With whichever node stands at a place now. */
  async at<T>(place: number, call: (node: TestApp) => Promise<T>): Promise<T> {
    const node = this.nodes[place % this.nodes.length]!;
    const calls = this.busy.get(node) ?? new Set();
    this.busy.set(node, calls);
    const running = call(node);
    calls.add(running);
    return running.finally(() => calls.delete(running));
  }

  /** Either node may have sent the text. */
  async code(phone: string): Promise<string> {
    await Promise.all(this.all.map((node) => node.textsSent()));
    return codeIn(this.all.flatMap((node) => node.inbox.to(phone))[0]?.text ?? '');
  }

  async signIn(): Promise<Pair> {
    const phone = newNumber();
    await this.at(0, (node) => node.requestOtp(phone));
    const otp = await this.code(phone);
    return JSON.parse((await this.at(1, (node) => node.verify(phone, otp))).text) as Pair;
  }
}

/** Refreshes at one node after the other, and calls both with what it gets. */
class Client {
  readonly statuses: number[] = [];

  constructor(
    private readonly fleet: Fleet,
    private pair: Pair,
  ) {}

  /** At least twice, so that each node is met. */
  async work(isOver: () => boolean): Promise<void> {
    for (let round = 0; round < 2 || !isOver(); round += 1) {
      const reply = await this.fleet.at(round, (node) => refreshWith(node, this.pair.refresh));
      this.statuses.push(reply.status);
      this.pair = JSON.parse(reply.text) as Pair;
      for (const place of [0, 1])
        this.statuses.push((await this.fleet.at(place, (node) => me(node, this.pair.access))).status);
    }
  }
}

const secretOf = { old: secrets.JWT_SECRET, new: 'b7YkLw2QzRc9VtXe5NmHs8PdJf3UaGoi6OqTyWxB' };

(mysqlUrl === undefined ? describe.skip : describe).each([
  [
    'JWT_KEY_FILES',
    () => ({ old: keyFile(), new: keyFile('rs256') }),
    ['ES256', 'ES256', 'RS256', 'RS256'],
    [1, 2, 2, 1],
  ],
  ['JWT_SECRET', () => secretOf, ['HS256', 'HS256', 'HS256', 'HS256'], [0, 0, 0, 0]],
])(
  '%s changed on two nodes under load (skipped without TEST_MYSQL_URL)',
  (variable, makeKeys, algorithms, published) => {
    it('costs no client a request', async () => {
      const keys = makeKeys();
      const stages = [[keys.old], [keys.old, keys.new], [keys.new, keys.old], [keys.new]].map((ring) => ({
        JWT_SECRET: '',
        [variable]: ring.join(','),
      }));
      const fleet = new Fleet(await mysql.create());
      for (const place of [0, 1]) await fleet.put(place, stages[0]!);
      const clients: Client[] = [];
      for (let count = 0; count < 6; count += 1) clients.push(new Client(fleet, await fleet.signIn()));
      const load = (isOver: () => boolean) => Promise.all(clients.map((client) => client.work(isOver)));
      const held: string[] = [];
      const answers = (access: string) =>
        Promise.all([0, 1].map((place) => fleet.at(place, (node) => me(node, access))));
      const statuses = async (access: string) => (await answers(access)).map(({ status }) => status);

      for (const [stage, env] of stages.entries()) {
        for (const place of stage === 0 ? [] : [0, 1]) {
          let isPut = false;
          const change = fleet.put(place, env).then(() => (isPut = true));
          const [newcomer] = await Promise.all([fleet.signIn(), change, load(() => isPut)]);
          clients.push(new Client(fleet, newcomer));
          expect(await statuses(held[stage - 1]!)).toEqual([200, 200]);
        }
        // An access token of the stage before has passed away by the time the next one comes.
        await load(() => true);
        const { access } = await fleet.signIn();
        held.push(access);
        expect(await statuses(access)).toEqual([200, 200]);
        expect(decodeProtectedHeader(access).alg).toBe(algorithms[stage]);
        expect((await publishedBy(fleet.nodes[0]!)).keys).toHaveLength(published[stage]!);
      }
      expect(await statuses(held[1]!)).toEqual([401, 401]);
      await Promise.all(fleet.nodes.map((node) => node.stop()));
      const all = clients.flatMap((client) => client.statuses);
      expect(all.filter((status) => status !== 200)).toEqual([]);
      expect(all.length).toBeGreaterThanOrEqual(6 * 3 * 20);
    }, 60_000);
  },
);

describe('the way from HS256 to a key file', () => {
  it('publishes the key while the secret signs, then signs by it, and refuses no token on the way', async () => {
    const url = await sqlite.create();
    const files = { JWT_KEY_FILES: keyFile() };
    const node = (env: NodeJS.ProcessEnv) => TestApp.start({ ...sqlite, create: async () => url }, env);

    const before = await node({});
    const first = await signIn(before);
    await before.stop();

    const publishing = await node({ ...files, JWT_ALGORITHM: 'HS256' });
    expect((await publishedBy(publishing)).keys).toHaveLength(1);
    expect((await me(publishing, first.access)).status).toBe(200);
    const second = await signIn(publishing);
    expect(decodeProtectedHeader(second.access)).toEqual({ alg: 'HS256', typ: 'JWT' });
    await publishing.stop();

    const using = await node(files);
    expect((await me(using, second.access)).status).toBe(200);
    const third = await signIn(using);
    expect(decodeProtectedHeader(third.access).alg).toBe('ES256');
    await using.stop();

    const publishingStill = await node({ ...files, JWT_ALGORITHM: 'HS256' });
    expect((await me(publishingStill, third.access)).status).toBe(200);
    await publishingStill.stop();
  });
});
