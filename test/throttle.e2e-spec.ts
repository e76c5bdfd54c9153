import { Redis } from 'ioredis';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { REDIS } from '../src/redis/redis.module';
import { sqlite } from './support/databases';
import { redisUrl } from './support/environment';
import { requestOtpPath, verifyPath, type HttpReply, type HttpRequest } from './support/http-client';
import { sendRaw } from './support/raw-socket';
import { TestApp } from './support/test-app';

type Headers = Record<string, string>;

const phone = '+255679190720';
const limit = { THROTTLE_LIMIT: '3' };
const openAndShut = [404, 404, 404, 429];

/** A database of Redis that only these tests use. */
const ownRedisUrl = redisUrl && new URL('/5', redisUrl).href;

const started: TestApp[] = [];
const stopAll = () => Promise.all(started.splice(0).map((test) => test.stop()));

const redisOf = (test: TestApp) => test.app.get<Redis>(REDIS);
const heard = (redis: Redis, event: string) => new Promise((resolve) => redis.once(event, resolve));

async function start(env: NodeJS.ProcessEnv): Promise<TestApp> {
  const test = await TestApp.start(sqlite, { ...limit, ...env });
  started.push(test);
  if (env.REDIS_URL !== undefined && redisOf(test).status !== 'ready') await heard(redisOf(test), 'ready');
  return test;
}

async function emptyRedis(): Promise<void> {
  if (ownRedisUrl === undefined) return;
  const redis = new Redis(ownRedisUrl);
  await redis.flushdb();
  await redis.quit();
}

/** Costs nothing but a place under the limit. */
const ask = (test: TestApp, headers?: Headers, path = '/api/account/') => test.send({ method: 'GET', path, headers });

async function statuses(test: TestApp, requests: (Headers | undefined)[]): Promise<number[]> {
  const replies: HttpReply[] = [];
  for (const headers of requests) replies.push(await ask(test, headers));
  return replies.map(({ status }) => status);
}

const times = (count: number, headers?: Headers) => Array.from({ length: count }, () => headers);

function expectThrottled({ status, headers, text }: HttpReply, seconds: number, unit = 'seconds'): void {
  expect(text).toBe(`{"detail":"Request was throttled. Expected available in ${seconds} ${unit}."}`);
  expect({ status, headers }).toEqual({
    status: 429,
    headers: {
      'cache-control': 'no-store',
      connection: 'close',
      'content-length': String(text.length),
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'content-type': 'application/json',
      date: expect.any(String) as string,
      'referrer-policy': 'no-referrer',
      'retry-after': String(seconds),
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'x-request-id': expect.any(String) as string,
    },
  });
}

const expectReceiptThrottled = ({ status, text }: HttpReply) =>
  expect([status, text]).toEqual([429, '{"detail":"Request was throttled. Expected available in 60 seconds."}']);

/** Stands where Redis seems to be: passes on what it gets, keeps it to itself, or is not there. */
class Line {
  private readonly ends = new Set<Socket>();
  private readonly server = createServer((near) => {
    this.ends.add(near.on('error', () => undefined));
    if (this.redis === undefined) return;
    const far = connect(Number(this.redis.port || 6379), this.redis.hostname);
    this.ends.add(far.on('error', () => undefined));
    near.pipe(far).pipe(near);
  });
  private port = 0;

  /** @param redis where the line ends; one without an end takes connections and never answers */
  constructor(private readonly redis?: URL) {}

  /** @returns the URL to come in by, the same each time */
  async lay(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
    const url = new URL(this.redis ?? 'redis://127.0.0.1');
    url.host = `127.0.0.1:${this.port}`;
    return url.href;
  }

  stall(): void {
    this.ends.forEach((end) => end.unpipe().resume());
  }

  cut(): void {
    this.server.close();
    this.ends.forEach((end) => end.destroy());
    this.ends.clear();
  }
}

describe('while Redis is out of reach', () => {
  const lines = (test: TestApp, said: string) => test.logged.filter((line) => line.includes(`"msg":"${said}"`));

  let line: Line;

  beforeEach(emptyRedis);
  afterEach(async () => {
    line.cut();
    await stopAll();
  });

  it.each(['refuses connections', 'takes connections and never answers'])(
    'counts in memory and says so once when Redis %s',
    async (what) => {
      line = new Line();
      const url = await line.lay();
      if (what === 'refuses connections') line.cut();
      const test = await TestApp.start(sqlite, { ...limit, REDIS_URL: url });
      started.push(test);

      expect(await statuses(test, times(4))).toEqual(openAndShut);
      expectThrottled(await ask(test), 60);
      for (let failed = 0; failed < 2; failed++) await heard(redisOf(test), 'error');
      expect(lines(test, 'Redis is out of reach')).toHaveLength(1);
    },
  );

  if (ownRedisUrl === undefined) return;
  const redis = new URL(ownRedisUrl);

  it('goes on with its own count, and says so once; so does the end', async () => {
    line = new Line(redis);
    const test = await start({ REDIS_URL: await line.lay() });
    expect(await statuses(test, times(2))).toEqual([404, 404]);

    test.logged.length = 0;
    const gone = heard(redisOf(test), 'error');
    line.cut();
    await gone;
    expect(await statuses(test, times(2))).toEqual([404, 429]);
    expect(lines(test, 'Redis is out of reach')).toHaveLength(1);

    const back = heard(redisOf(test), 'ready');
    await line.lay();
    await back;
    expect(await statuses(test, times(2))).toEqual([429, 429]);
    expect(lines(test, 'Redis is back')).toHaveLength(1);
  });

  it('goes on with its own count and says so once when Redis falls silent on an open connection', async () => {
    line = new Line(redis);
    const test = await start({ REDIS_URL: await line.lay() });
    expect(await statuses(test, times(2))).toEqual([404, 404]);

    // A start on a busy machine may have lost the connection once already.
    test.logged.length = 0;
    line.stall();
    expect(await statuses(test, times(2))).toEqual([404, 429]);
    expect(lines(test, 'Redis is out of reach')).toHaveLength(1);
  });
});

(ownRedisUrl === undefined ? describe.skip : describe)('counters in Redis', () => {
  beforeEach(emptyRedis);
  afterEach(stopAll);

  it('are shared by all nodes', async () => {
    const one = await start({ REDIS_URL: ownRedisUrl });
    const other = await start({ REDIS_URL: ownRedisUrl });
    expect(await statuses(one, times(2))).toEqual([404, 404]);
    expect(await statuses(other, times(2))).toEqual([404, 429]);
    expect(await statuses(one, times(1))).toEqual([429]);
  });

  it('hold on each node by its own count when Redis is emptied', async () => {
    const one = await start({ REDIS_URL: ownRedisUrl });
    const other = await start({ REDIS_URL: ownRedisUrl });
    expect(await statuses(one, times(3))).toEqual([404, 404, 404]);
    await emptyRedis();
    expect(await statuses(one, times(2))).toEqual([429, 429]);
    // Refused requests count, too.
    expect(await statuses(other, times(2))).toEqual([404, 429]);
    one.clock.advance(60);
    expect(await statuses(one, times(4))).toEqual(openAndShut);
  });

  it('have an end each', async () => {
    const test = await start({ REDIS_URL: ownRedisUrl });
    await statuses(test, times(2));
    const keys = await redisOf(test).keys('*');
    expect(keys).toEqual([expect.stringMatching(/^hodi:throttle:\d+:127\.0\.0\.1$/)]);
    const left = await redisOf(test).pttl(keys[0]!);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(120_000);
  });
});

const stores = [
  { where: 'in memory', env: {} },
  ...(ownRedisUrl === undefined ? [] : [{ where: 'in Redis', env: { REDIS_URL: ownRedisUrl } }]),
];

describe.each(stores)('a limit for each client address, counted $where', ({ env }) => {
  let test: TestApp;

  beforeAll(async () => void (test = await start(env)));
  beforeEach(async () => {
    await emptyRedis();
    await test.reset();
    test.clock.advance(60);
  });
  afterAll(stopAll);

  it('lets as many through, and refuses the next as REST framework does, with nothing sent or written', async () => {
    const others = ['+255754000001', '+255754000002', '+255754000003'];
    for (const other of others) expect((await test.requestOtp(other)).status).toBe(200);
    expectThrottled(await test.requestOtp(phone), 60);
    await test.textsSent();

    expect(test.inbox.texts.map(({ to }) => to).sort()).toEqual(others);
    for (const table of ['otp_challenge', 'sms_message']) {
      expect(await test.dataSource.query(`SELECT 1 FROM ${table} WHERE phone_number = ?`, [phone])).toEqual([]);
    }
  });

  it('says in whole seconds when the window ends, and opens then and not sooner', async () => {
    await statuses(test, times(3));
    test.clock.advance(17);
    expectThrottled(await ask(test), 43);
    test.clock.advance(42.5);
    expectThrottled(await ask(test), 1, 'second');
    test.clock.advance(0.25);
    expect(await statuses(test, times(4))).toEqual(openAndShut);
    expectThrottled(await ask(test), 60);
  });

  it.each([
    { ttl: '13', left: 12 },
    { ttl: '3600', left: 3600 },
    { ttl: '86400', left: 43_200 },
  ])('cuts windows at multiples of $ttl s since 1970', async ({ ttl, left }) => {
    const other = await start({ ...env, THROTTLE_TTL_SECONDS: ttl });
    expect(await statuses(other, times(4))).toEqual(openAndShut);
    expectThrottled(await ask(other), left);
  });

  it('tells nothing of its counters while it is open', async () => {
    const { headers } = await ask(test);
    const open = ['cache-control', 'connection', 'content-length', 'content-type', 'date', 'x-request-id'];
    const ofEveryReply = ['content-security-policy', 'referrer-policy', 'x-content-type-options', 'x-frame-options'];
    expect(Object.keys(headers).sort()).toEqual([...open, ...ofEveryReply].sort());
  });

  it.each<[string, HttpRequest, number]>([
    ['a verify', { method: 'POST', path: verifyPath }, 400],
    ['a wrong method', { method: 'GET', path: requestOtpPath }, 405],
    ['an unknown method', { method: 'PROPFIND', path: requestOtpPath }, 405],
    ['OPTIONS', { method: 'OPTIONS', path: requestOtpPath }, 200],
    ['an unknown path', { method: 'GET', path: '/api/account/nothing/' }, 404],
    ['a path without its slash', { method: 'POST', path: requestOtpPath.slice(0, -1) }, 400],
    ['a path with a query', { method: 'POST', path: `${requestOtpPath}?a=1` }, 400],
    ['a path with escaped letters', { method: 'POST', path: '/%61pi/acc%6Fun%74/request%2dotp/' }, 400],
  ])('counts %s with everything else, and refuses it too', async (_what, request, status) => {
    for (let time = 0; time < 3; time++) expect((await test.send(request)).status).toBe(status);
    expectThrottled(await test.send(request), 60);
    expectThrottled(await test.requestOtp(phone), 60);
  });

  it.each([
    ['POST', 400],
    ['GET', 405],
  ])('counts %s of an absolute URL (RFC 9112 section 3.2.2), and refuses it too', async (method, status) => {
    const target = `http://hodi.test${requestOtpPath}`;
    const request = `${method} ${target} HTTP/1.1\r\nHost: hodi.test\r\nConnection: close\r\n\r\n`;
    for (let time = 0; time < 3; time++) expect((await sendRaw(test.url, request)).status).toBe(status);
    expect((await sendRaw(test.url, request)).status).toBe(429);
    expectThrottled(await test.requestOtp(phone), 60);
  });

  it('does not count what is refused for its Accept, and looks at nothing else before it counts', async () => {
    const html = { Accept: 'text/html' };
    expect(await statuses(test, times(4, html))).toEqual([406, 406, 406, 406]);
    expect(await statuses(test, times(4))).toEqual(openAndShut);

    expect((await ask(test, html)).status).toBe(406);
    expectThrottled(await test.send({ method: 'POST', path: verifyPath, body: '{' }), 60);
    expectThrottled(await test.post(verifyPath, {}), 60);
  });

  it.each([
    ['/health/live/', 200],
    ['/health/ready/', 200],
    ['/api/', 404],
    ['/api/accounts/', 404],
    ['/', 404],
  ])('neither counts nor refuses %s', async (path, status) => {
    const fourMore = async () => {
      for (let time = 0; time < 4; time++) expect((await ask(test, undefined, path)).status).toBe(status);
    };
    await fourMore();
    expect(await statuses(test, times(4))).toEqual(openAndShut);
    await fourMore();
  });

  it('counts documents and keys apart, and refuses them too', async () => {
    const paths = ['/api/docs/', '/api/openapi.json', '/.well-known/jwks.json'];
    for (const path of paths) expect((await ask(test, undefined, path)).status).toBe(200);
    for (const path of [
      ...paths,
      '/api/openapi.yaml',
      '/api/docs',
      '/api/docs/swagger-ui.css',
      '/api/docs/problems/',
    ]) {
      const { status, text } = await ask(test, undefined, path);
      expect([path, status, text]).toEqual([
        path,
        429,
        '{"detail":"Request was throttled. Expected available in 60 seconds."}',
      ]);
    }
    expect(await statuses(test, times(4))).toEqual(openAndShut);
  });

  const me = '/api/account/me/';
  const bad = { Authorization: 'Bearer garbage' };

  it.each<[string, HttpRequest]>([
    ['a bad token', { method: 'GET', path: me, headers: bad }],
    ['half a header', { method: 'DELETE', path: me, headers: { Authorization: 'Bearer' } }],
    ['a bad token and a wrong method', { method: 'PUT', path: me, headers: bad }],
  ])('counts %s, and refuses it in place of 401 after as many failures', async (_what, request) => {
    const answers: number[] = [];
    for (let time = 0; time < 4; time++) answers.push((await test.send(request)).status);
    expect(answers).toEqual([401, 401, 401, 429]);
    expectThrottled(await test.send(request), 60);
    expect(await statuses(test, times(4))).toEqual(openAndShut);
  });

  it('does not count a request without a token, which tries nothing', async () => {
    for (let time = 0; time < 5; time++) expect((await ask(test, undefined, me)).status).toBe(401);
  });

  it('keeps the order for who is over the limit with an old token, and lets a good one through beside bad ones', async () => {
    expect(await statuses(test, times(4))).toEqual(openAndShut);
    expect((await ask(test, bad, me)).status).toBe(401);

    test.clock.advance(60);
    const { text } = await test.verify(phone, await test.obtainOtp(phone));
    const { access } = JSON.parse(text) as { access: string };
    test.clock.advance(60);
    expect((await ask(test, bad, me)).status).toBe(401);
    expect((await ask(test, bad, me)).status).toBe(401);
    const good = { Authorization: `Bearer ${access}` };
    for (const status of [200, 200, 200, 429]) expect((await ask(test, good, me)).status).toBe(status);
  });

  it('counts refused receipts, and refuses them as throttled after as many', async () => {
    const path = '/api/sms/receipts/twilio/';
    for (const method of ['POST', 'GET', 'PUT'])
      expect((await test.send({ method, path })).status).toBe(method === 'PUT' ? 405 : 404);
    expectReceiptThrottled(await test.send({ method: 'POST', path, body: '{' }));
    expect(await statuses(test, times(4))).toEqual(openAndShut);
  });

  it('is off when it is 0', async () => {
    const other = await start({ ...env, THROTTLE_LIMIT: '0' });
    expect(await statuses(other, times(4))).toEqual([404, 404, 404, 404]);
    for (let time = 0; time < 4; time++) expect((await ask(other, bad, me)).status).toBe(401);
  });

  it.each([
    ['no proxy is trusted', ''],
    ['the peer is none of the trusted proxies', '10.0.0.0/8'],
  ])('believes no forwarded address when %s', async (_when, trusted) => {
    const direct = await start({ ...env, TRUSTED_PROXIES: trusted });
    const forged = [1, 2, 3, 4].map((host) => `203.0.113.${host}`);
    const headers = forged.map((it) => ({ 'X-Forwarded-For': it, 'X-Real-IP': it, Forwarded: `for=${it}` }));
    expect(await statuses(direct, headers)).toEqual(openAndShut);
  });

  describe('behind a trusted proxy', () => {
    let behind: TestApp;
    const from = (address: string) => ({ 'X-Forwarded-For': address });

    beforeAll(async () => void (behind = await start({ ...env, TRUSTED_PROXIES: '127.0.0.1/32' })));
    beforeEach(() => behind.clock.advance(60));

    it.each([
      ['the address that the proxy saw, whatever stands before it', ['6.6.6.1, 203.0.113.1', '6.6.6.2, 203.0.113.1']],
      ['the address before our own proxies', ['203.0.113.1', '6.6.6.1, 203.0.113.1, 127.0.0.1']],
      ['no proxy that the client wrote itself', ['127.0.0.1, 203.0.113.1', '203.0.113.1']],
      ['IPv6 addresses of one /64 as one client', ['2001:db8:1:2::1', '2001:DB8:1:2:ffff:ffff:ffff:ffff']],
      ['an IPv4 address written as IPv6 as the same', ['203.0.113.1', '::ffff:203.0.113.1', '::FFFF:cb00:7101']],
      ['an address with any port as the same', ['203.0.113.1', '203.0.113.1:4711', '203.0.113.1:4712']],
      ['IPv6 in brackets, with any port, as the same', ['2001:db8::1', '[2001:db8::1]', '[2001:0DB8:0::1]:443']],
      ['IPv6 with any zone as the same', ['fe80::1', 'fe80::1%eth0', '[fe80::1%25eth1]:80']],
      ['a trusted proxy with a port as a proxy', ['203.0.113.1, 127.0.0.1:80', '203.0.113.1, [::ffff:127.0.0.1]:81']],
      [
        'the proxy itself where it names no caller',
        ['6.6.6.1, ', '6.6.6.2, unknown', '6.6.6.3,_hidden', '6.6.6.4 , -'],
      ],
      ['the proxy itself where it names an ambiguous one', ['010.1.2.3', '0x7f.1.1.1', '10.1.3', '167838211']],
    ])('counts %s', async (_what, written) => {
      const four = [...written, ...written].slice(0, 4);
      expect(await statuses(behind, four.map(from))).toEqual(openAndShut);
      expect(await statuses(behind, written.map(from))).toEqual(written.map(() => 429));
    });

    it.each([
      ['each address', ['203.0.113.1', '203.0.113.2', '2001:db8::1']],
      ['what the proxy saw beside the same forged address', ['6.6.6.1, 203.0.113.1', '6.6.6.1, 203.0.113.2']],
      ['each IPv6 /64', ['2001:db8:1:2::1', '2001:db8:1:3::1']],
    ])('counts %s for itself', async (_what, addresses) => {
      for (const address of addresses) {
        expect(await statuses(behind, times(4, from(address)))).toEqual(openAndShut);
      }
    });

    const garbage = ['', ',', 'unknown', '[::1]:80', '203.0.113.1:80', '1.2.3', '::ffff:999.1.1.1', 'é %zz {}'];
    it.each([...garbage, 'x'.repeat(4_000)])('limits also whoever is forwarded as %j', async (address) => {
      expect(await statuses(behind, times(4, from(address)))).toEqual(openAndShut);
    });
  });
});
