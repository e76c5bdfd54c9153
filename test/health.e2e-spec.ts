import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { databases, mysql, sqlite, type TestDatabase } from './support/databases';
import { mysqlUrl, redisUrl } from './support/environment';
import type { HttpReply } from './support/http-client';
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
      'content-type': 'application/json',
      date: expect.any(String) as string,
      'x-request-id': expect.any(String) as string,
      ...headers,
    },
    text: body,
  });
}

function expectReady(reply: HttpReply, parts: Record<string, 'up'>): void {
  expectReply(reply, 200, JSON.stringify({ status: 'ok', parts }));
}

function expectNotReady(reply: HttpReply, parts: Record<string, 'up' | 'down'>): void {
  expectReply(reply, 503, JSON.stringify({ status: 'unavailable', parts }), { 'retry-after': '5' });
}

/** @returns the first reply with that status: what was lost or came back is noticed a little later */
async function eventually(test: TestApp, status: number): Promise<HttpReply> {
  for (;;) {
    const reply = await get(test, ready);
    if (reply.status === status) return reply;
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
  it.each(['refuses connections', 'takes connections and never answers'])('is missed when it %s', async (what) => {
    const port = await layLine();
    if (what === 'refuses connections') cutLines();
    const test = await start({ REDIS_URL: `redis://127.0.0.1:${port}` });

    expectNotReady(await get(test, ready), { database: 'up', redis: 'down' });
    expectReply(await get(test, live), 200, '{"status":"ok"}');
    await test.dataSource.destroy();
    expectNotReady(await get(test, ready), { database: 'down', redis: 'down' });
  });

  (redisUrl === undefined ? it.skip : it)('is noticed when it comes, goes and is back', async () => {
    const port = await layLine(redisUrl);
    const test = await start({ REDIS_URL: through(port, redisUrl!) });
    expectReady(await eventually(test, 200), { database: 'up', redis: 'up' });

    cutLines();
    expectNotReady(await eventually(test, 503), { database: 'up', redis: 'down' });
    await layLine(redisUrl, port);
    expectReady(await eventually(test, 200), { database: 'up', redis: 'up' });
  });
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
