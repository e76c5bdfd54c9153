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
      'access-control-expose-headers': 'Retry-After, X-Request-Id',
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
      'access-control-allow-headers': 'Authorization, Content-Type, Idempotency-Key, X-Request-Id',
      'access-control-max-age': '600',
    });
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

  it('is off where no origin is listed', async () => {
    const other = await TestApp.start();
    const { headers } = await other.send({ method: 'POST', path: requestOtpPath, headers: { Origin: origin } });
    await other.stop();
    expect([cors(headers), headers.vary]).toEqual([{}, undefined]);
  });
});
