import { requestOtpPath } from './support/http-client';
import { sqlite } from './support/databases';
import { TestApp } from './support/test-app';

const origin = 'https://app.hodi.test';

describe('CORS', () => {
  let test: TestApp;
  beforeAll(async () => void (test = await TestApp.start(sqlite, { CORS_ORIGINS: `${origin},http://localhost:5173` })));
  afterAll(() => test.stop());

  const call = (method: string, headers: Record<string, string>) =>
    test.send({ method, path: requestOtpPath, headers });
  const cors = (headers: Record<string, string>) =>
    Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')));

  it('lets a listed origin read replies, refusals too', async () => {
    const { status, headers } = await call('POST', { Origin: origin });
    expect(status).toBe(400);
    expect(cors(headers)).toEqual({
      'access-control-allow-origin': origin,
      'access-control-expose-headers': 'Retry-After, X-Device-Token, X-Request-Id',
    });
    expect(headers.vary).toBe('Origin');
  });

  it('answers a preflight of a listed origin without further ado', async () => {
    const { status, headers, text } = await call('OPTIONS', {
      Origin: origin,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'content-type',
    });
    expect([status, text]).toEqual([204, '']);
    expect(cors(headers)).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET, POST, PATCH, DELETE',
      'access-control-allow-headers':
        'Accept-Language, Authorization, Content-Type, Idempotency-Key, X-Device-Token, X-Request-Id, X-Requested-With, ' +
        'baggage, sentry-trace, traceparent, tracestate',
      'access-control-max-age': '600',
    });
  });

  it.each([
    ['x-datadog-trace-id, b3,X-B3-TraceId', ['x-datadog-trace-id', 'b3', 'x-b3-traceid']],
    ['TRACEPARENT', []],
    ['bad name, <x>, ok', ['ok']],
    ['', []],
  ])('allows what else the page asks for: %s', async (asked, more) => {
    const { headers } = await call('OPTIONS', {
      Origin: origin,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': asked,
    });
    expect(headers['access-control-allow-headers']?.split(', ').slice(11)).toEqual(more);
  });

  it.each(['https://evil.test', 'https://app.hodi.test.evil.test', 'http://app.hodi.test', 'null'])(
    'tells %s nothing',
    async (foreign) => {
      for (const method of ['POST', 'OPTIONS']) {
        const { headers } = await call(method, { Origin: foreign, 'Access-Control-Request-Method': 'POST' });
        expect(cors(headers)).toEqual({});
        expect(headers.vary).toBe('Origin');
      }
    },
  );

  const refusals = (app: TestApp) =>
    app.logged
      .filter((line) => line.includes('is refused'))
      .map((line) => (JSON.parse(line) as { origin: string }).origin);

  it('logs a refused origin once, and neither our own nor what is no origin', async () => {
    const other = await TestApp.start(sqlite, { CORS_ORIGINS: origin });
    const long = `https://${'a.'.repeat(100)}test`;
    const own = new URL(other.url).origin;
    const odd = ['null', 'https://a.test/path', 'https://a b', 'x'.repeat(5_000), '"}'];
    for (const it of [
      'https://evil.test:81',
      'https://evil.test:81',
      'https://255679190720.test',
      long,
      own,
      origin,
      ...odd,
    ])
      await other.send({ method: 'POST', path: requestOtpPath, headers: { Origin: it } });
    await other.stop();
    expect(refusals(other)).toEqual([
      'https://evil.test:81',
      'https://<digits>.test',
      long.slice(0, 'https://'.length + 80),
    ]);
  });

  it.each(['http://localhost:5173', 'http://localhost', 'http://127.0.0.1:8080', 'http://[::1]:3001'])(
    'lets %s call in development, and only there',
    async (page) => {
      const preflight = (it: TestApp) =>
        it.send({
          method: 'OPTIONS',
          path: requestOtpPath,
          headers: { Origin: page, 'Access-Control-Request-Method': 'POST' },
        });
      for (const [env, status] of [
        ['development', 204],
        ['test', 200],
      ] as const) {
        const other = await TestApp.start(sqlite, { NODE_ENV: env });
        const { status: answered, headers } = await preflight(other);
        const posted = await other.send({ method: 'POST', path: requestOtpPath, headers: { Origin: page } });
        await other.stop();
        const allowed = env === 'development' ? page : undefined;
        expect([answered, headers['access-control-allow-origin']]).toEqual([status, allowed]);
        expect(posted.status).toBe(env === 'development' ? 400 : 403);
      }
    },
  );

  it('lets in development no page call that only looks local', async () => {
    const other = await TestApp.start(sqlite, { NODE_ENV: 'development' });
    const lookalikes = ['http://localhost.evil.test', 'http://localhost:1@evil.test', 'http://evil.test:3000', 'null'];
    for (const page of lookalikes) {
      const { status, headers } = await other.send({ method: 'POST', path: requestOtpPath, headers: { Origin: page } });
      expect([page, status, cors(headers)]).toEqual([page, 403, {}]);
    }
    await other.stop();
  });

  it('is off where no origin is listed', async () => {
    const other = await TestApp.start();
    const { headers } = await other.send({ method: 'POST', path: requestOtpPath, headers: { Origin: origin } });
    await other.stop();
    expect([cors(headers), headers.vary]).toEqual([{}, undefined]);
  });
});
