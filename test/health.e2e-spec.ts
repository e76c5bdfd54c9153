import { Redis } from 'ioredis';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { databases, mysql, sqlite, type TestDatabase } from './support/databases';
import { mysqlUrl, redisUrl } from './support/environment';
import type { HttpReply } from './support/http-client';
import { hasMariaServer, MariaServer } from './support/maria-server';
import { TestApp } from './support/test-app';

const live = '/health/live/';
const ready = '/health/ready/';

const started: TestApp[] = [];
const servers: Server[] = [];
const sockets = new Set<Socket>();

afterEach(async () => {
  cutLines();
  await Promise.all(started.splice(0).map((test) => test.stop()));
});

async function start(env: NodeJS.ProcessEnv = {}, database?: TestDatabase): Promise<TestApp> {
  const test = await TestApp.start(database ?? sqlite, env);
  started.push(test);
  return test;
}

const get = (test: TestApp, path: string) => test.send({ method: 'GET', path });

function expectReply(reply: HttpReply, status: number, body: string, headers: Record<string, string> = {}): void {
  expect(reply).toEqual({
    status,
    headers: {
      connection: 'close',
      'content-length': String(body.length),
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'content-type': 'application/json',
      date: expect.any(String) as string,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'x-request-id': expect.any(String) as string,
      ...headers,
    },
    text: body,
  });
}

function expectReady(reply: HttpReply, parts: Record<string, 'up' | 'degraded'>): void {
  expectReply(reply, 200, JSON.stringify({ status: 'ok', parts }));
}

function expectNotReady(reply: HttpReply, parts: Record<string, 'up' | 'degraded' | 'down'>): void {
  expectReply(reply, 503, JSON.stringify({ status: 'unavailable', parts }), { 'retry-after': '5' });
}

/** @returns the first reply with that status and text: what was lost or came back is noticed a little later */
async function eventually(test: TestApp, status: number, text = ''): Promise<HttpReply> {
  for (;;) {
    const reply = await get(test, ready);
    if (reply.status === status && reply.text.includes(text)) return reply;
  }
}

/** Another port for a server, one that can be closed; without a server behind it nobody answers there. */
async function layLine(to?: string, port = 0): Promise<number> {
  const server = createServer((near) => {
    sockets.add(near.on('error', () => undefined));
    if (to === undefined) return;
    const { protocol, hostname, port: far } = new URL(to);
    const end = connect(Number(far || (protocol === 'mysql:' ? 3306 : 6379)), hostname).on('error', () => undefined);
    sockets.add(end);
    near.pipe(end).pipe(near);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** Connections stay, but nothing comes out of them any more. */
function silence(): void {
  servers.splice(0).forEach((server) => server.close());
  sockets.forEach((socket) => socket.unpipe().resume());
}

function cutLines(): void {
  servers.splice(0).forEach((server) => server.close());
  sockets.forEach((socket) => socket.destroy());
  sockets.clear();
}

function through(port: number, url: string): string {
  const other = new URL(url);
  other.host = `127.0.0.1:${port}`;
  return other.href;
}

describe('a configured Redis', () => {
  const said = (test: TestApp, message: string) => test.logged.filter((line) => line.includes(`"msg":"${message}"`));

  it.each(['refuses connections', 'takes connections and never answers'])('is degraded when it %s', async (what) => {
    const port = await layLine();
    if (what === 'refuses connections') cutLines();
    const test = await start({ REDIS_URL: `redis://127.0.0.1:${port}` });

    expectReady(await get(test, ready), { database: 'up', redis: 'degraded' });
    expectReply(await get(test, live), 200, '{"status":"ok"}');
    await test.dataSource.destroy();
    expectNotReady(await get(test, ready), { database: 'down', redis: 'degraded' });
  });

  (redisUrl === undefined ? it.skip : it)('is noticed when it comes, goes and is back', async () => {
    const port = await layLine(redisUrl);
    const test = await start({ REDIS_URL: through(port, redisUrl!) });
    expectReady(await eventually(test, 200, '"redis":"up"'), { database: 'up', redis: 'up' });

    cutLines();
    expectReady(await eventually(test, 200, 'degraded'), { database: 'up', redis: 'degraded' });
    await layLine(redisUrl, port);
    expectReady(await eventually(test, 200, '"redis":"up"'), { database: 'up', redis: 'up' });
  });

  const refusals: [how: string, refuse: string[], allow: string[]][] = [
    ['has no memory left', ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0']],
    ['is a read-only replica', ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE']],
  ];
  (redisUrl === undefined ? it.skip : it).each(refusals)(
    'is degraded while it %s, which is logged once, and its end too',
    async (_how, [refuse, ...refused], [allow, ...allowed]) => {
      const redis = new Redis(redisUrl!);
      try {
        const test = await start({ REDIS_URL: redisUrl, THROTTLE_LIMIT: '2' });
        await eventually(test, 200, '"redis":"up"');
        // A start on a busy machine may have lost the connection once already.
        test.logged.length = 0;
        await redis.call(refuse!, ...refused);
        const statuses: number[] = [];
        for (let request = 0; request < 3; request++) {
          expectReady(await get(test, ready), { database: 'up', redis: 'degraded' });
          statuses.push((await get(test, '/api/account/')).status);
        }
        expect(statuses).toEqual([404, 404, 429]);
        expect(said(test, 'Redis refuses commands')).toHaveLength(1);
        expect(said(test, 'Redis is back')).toHaveLength(0);

        await redis.call(allow!, ...allowed);
        for (let request = 0; request < 3; request++) await eventually(test, 200, '"redis":"up"');
        expect(said(test, 'Redis is back')).toHaveLength(1);
      } finally {
        await redis.call(allow!, ...allowed);
        redis.disconnect();
      }
    },
  );
});

describe.each([
  { path: live, name: 'Live', body: '{"status":"ok"}' },
  { path: ready, name: 'Ready', body: '{"status":"ok","parts":{"database":"up"}}' },
])('$path', ({ path, name, body }) => {
  it('answers with and without its slash, and is not limited', async () => {
    const test = await start({ THROTTLE_LIMIT: '1' });
    for (const form of [path, path.slice(0, -1), `${path}?now`]) expectReply(await get(test, form), 200, body);
  });

  it('answers HEAD with the same headers and no body', async () => {
    const test = await start();
    const reply = await test.send({ method: 'HEAD', path });
    expect(reply.text).toBe('');
    expectReply({ ...reply, text: body }, 200, body);
  });

  it('describes itself to OPTIONS', async () => {
    const test = await start();
    const parses = '["application/json","application/x-www-form-urlencoded","multipart/form-data"]';
    const description = `{"name":"${name}","description":"","renders":["application/json"],"parses":${parses}}`;
    expectReply(await test.send({ method: 'OPTIONS', path }), 200, description, { allow: 'GET, HEAD, OPTIONS' });
  });

  it('refuses other methods', async () => {
    const test = await start();
    const refusal = '{"detail":"Method \\"POST\\" not allowed."}';
    expectReply(await test.send({ method: 'POST', path }), 405, refusal, { allow: 'GET, HEAD, OPTIONS' });
  });
});

describe.each(databases)('without its database, on $name, the service', (database) => {
  it('is alive and not ready, and says what is down', async () => {
    const test = await start({}, database);
    expectReady(await get(test, ready), { database: 'up' });
    await test.dataSource.destroy();

    expectNotReady(await get(test, ready), { database: 'down' });
    expect(await test.send({ method: 'HEAD', path: ready })).toMatchObject({ status: 503, text: '' });
    expectReply(await get(test, live), 200, '{"status":"ok"}');
  });
});

describe('a SQLite file that cannot be written', () => {
  it('makes the service not ready, and writes fail with 503', async () => {
    const test = await start();
    await test.dataSource.query('PRAGMA query_only = 1');
    expectNotReady(await get(test, ready), { database: 'down' });
    expect((await test.requestOtp('+255679190720')).status).toBe(503);
    await test.dataSource.query('PRAGMA query_only = 0');
    expectReady(await get(test, ready), { database: 'up' });
  });
});

(hasMariaServer ? describe : describe.skip)('a read-only server (needs mariadbd on this machine)', () => {
  let server: MariaServer;
  let ofRoot: string;
  const ofDatabase = () => `${new URL(ofRoot).pathname.slice(1)}.*`;
  const ordinary = () => ofRoot.replace('root@', 'ordinary:ordinary@');

  beforeAll(async () => {
    server = await MariaServer.start();
    ofRoot = await server.create();
    await server.query("CREATE USER ordinary IDENTIFIED BY 'ordinary'");
    await server.query(`GRANT ALL ON ${ofDatabase()} TO ordinary`);
  }, 60_000);
  afterAll(() => server.stop());

  it.each([
    ['for an ordinary user', ordinary],
    ['for a user who may write in spite of it', () => ofRoot],
  ])('makes the service not ready %s, until it is writable again', async (_who, url) => {
    const test = await start({ DATABASE_URL: url() });
    expectReady(await get(test, ready), { database: 'up' });
    await server.query('SET GLOBAL read_only = 1');
    expectNotReady(await get(test, ready), { database: 'down' });
    await server.query('SET GLOBAL read_only = 0');
    expectReady(await get(test, ready), { database: 'up' });
  });

  it('makes the service not ready where its user may only read', async () => {
    await start({ DATABASE_URL: ofRoot });
    await server.query('CREATE USER reader');
    await server.query(`GRANT SELECT ON ${ofDatabase()} TO reader`);
    const test = await start({ DATABASE_URL: ofRoot.replace('root@', 'reader@') });
    expectNotReady(await get(test, ready), { database: 'down' });
  });

  it('grows no table and no log of the server by the question', async () => {
    const test = await start({ DATABASE_URL: ofRoot });
    const written = () => server.query("SHOW GLOBAL STATUS LIKE 'Innodb_os_log_written'");
    await get(test, ready);
    const before = await written();
    for (let times = 0; times < 20; times++) await get(test, ready);
    expect(await written()).toEqual(before);
  });
});

(mysqlUrl === undefined ? describe.skip : describe)('the line to MySQL', () => {
  it('is noticed when it breaks and when it is back', async () => {
    const url = await mysql.create();
    const port = await layLine(url);
    const test = await start({ DATABASE_URL: through(port, url) });
    expectReady(await get(test, ready), { database: 'up' });

    cutLines();
    expectNotReady(await get(test, ready), { database: 'down' });
    await layLine(url, port);
    expectReady(await eventually(test, 200), { database: 'up' });
  });

  it('is noticed when nothing comes through any more, and when new connections do again', async () => {
    const url = await mysql.create();
    const port = await layLine(url);
    const test = await start({ DATABASE_URL: through(port, url) });
    // As many as the pool has connections: none may stay with a question that is never answered.
    const atOnce = <T>(ask: () => Promise<T>) => Promise.all(Array.from({ length: 20 }, ask));
    await atOnce(() => test.dataSource.query('SELECT SLEEP(0.2)'));

    silence();
    await layLine(undefined, port);
    const replies = await atOnce(() => get(test, ready));
    replies.forEach((reply) => expectNotReady(reply, { database: 'down' }));

    silence();
    await layLine(url, port);
    expectReady(await eventually(test, 200), { database: 'up' });
  });
});
