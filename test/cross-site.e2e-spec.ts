import { sqlite } from './support/databases';
import { requestOtpPath, verifyPath, type HttpReply } from './support/http-client';
import { TestApp } from './support/test-app';

type Headers = Record<string, string>;

const phone = '+255679190720';
const listed = 'https://app.hodi.test';
const refused = '{"detail":"Cross-site requests are not allowed."}';
const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
const body = `phone_number=${encodeURIComponent(phone)}`;

describe('what a web page makes its visitor’s browser send', () => {
  let test: TestApp;
  const ask = (headers: Headers): Promise<HttpReply> =>
    test.send({ method: 'POST', path: requestOtpPath, headers: { ...form, ...headers }, body });
  const own = () => new URL(test.url).host;

  beforeAll(async () => void (test = await TestApp.start(sqlite, { CORS_ORIGINS: listed, THROTTLE_LIMIT: '30' })));
  beforeEach(async () => {
    await test.reset();
    test.clock.advance(60);
  });
  afterAll(() => test.stop());

  it.each<[string, Headers]>([
    ['from another site', { 'Sec-Fetch-Site': 'cross-site' }],
    ['from another site, in capitals', { 'Sec-Fetch-Site': 'Cross-Site' }],
    ['from another origin', { Origin: 'https://evil.test' }],
    ['from another origin of the site', { Origin: 'https://blog.hodi.test', 'Sec-Fetch-Site': 'same-site' }],
    ['from an origin that hides', { Origin: 'null' }],
    ['from an empty origin', { Origin: '' }],
    ['from a listed host by another scheme', { Origin: 'http://app.hodi.test' }],
    ['from a listed host at another port', { Origin: `${listed}:8443` }],
    ['from a lookalike of a listed origin', { Origin: `${listed}.evil.test` }],
    ['from two origins', { Origin: `${listed}, https://evil.test` }],
    ['from our host at another port', { Origin: 'http://127.0.0.1:1' }],
    [
      'from our origin, by way of another site',
      { Origin: 'https://hodi.test', Host: 'hodi.test', 'Sec-Fetch-Site': 'cross-site' },
    ],
  ])('is 403 when it comes %s, and sends, writes and counts nothing', async (_what, headers) => {
    for (let time = 0; time < 31; time++) {
      const { status, text } = await ask(headers);
      expect([status, text]).toEqual([403, refused]);
    }
    await test.textsSent();
    expect(test.inbox.texts).toEqual([]);
    expect(await test.dataSource.query('SELECT 1 FROM otp_challenge')).toEqual([]);
    expect((await ask({})).status).toBe(200);
  });

  it.each<[string, () => Headers]>([
    ['a program', () => ({})],
    ['our own page', () => ({ Origin: test.url, 'Sec-Fetch-Site': 'same-origin' })],
    ['our own page in a browser without Fetch Metadata', () => ({ Origin: test.url })],
    ['our own page behind a proxy that ends TLS', () => ({ Origin: 'https://hodi.test', Host: 'hodi.test' })],
    ['the same with the port in Host', () => ({ Origin: 'https://hodi.test', Host: 'HODI.test:443' })],
    [
      'our own page behind a proxy that changes Host',
      () => ({ Origin: 'https://hodi.test', 'Sec-Fetch-Site': 'same-origin', Host: own() }),
    ],
    ['the address bar', () => ({ 'Sec-Fetch-Site': 'none' })],
    ['a page of the site that sends no Origin', () => ({ 'Sec-Fetch-Site': 'same-site' })],
    ['a listed page on another site', () => ({ Origin: listed, 'Sec-Fetch-Site': 'cross-site' })],
  ])('is taken from %s', async (_what, headers) => expect((await ask(headers())).status).toBe(200));

  it.each([
    ['POST', verifyPath],
    ['POST', '/api/account/token/refresh/'],
    ['POST', '/api/account/request-otp'],
    ['POST', '/api/%61ccount/request-otp/'],
    ['PATCH', '/api/account/me/'],
    ['DELETE', '/api/account/me/'],
    ['DELETE', '/api/account/sessions/'],
    ['PUT', '/api/account/me/'],
    ['POST', '/api/account/nothing/'],
  ])('is 403 for %s %s, before anything is said of tokens, methods and paths', async (method, path) => {
    const { status, text } = await test.send({ method, path, headers: { 'Sec-Fetch-Site': 'cross-site' } });
    expect([status, text]).toEqual([403, refused]);
  });

  it('is 406 first where no JSON is taken', async () =>
    expect((await ask({ Origin: 'https://evil.test', Accept: 'text/html' })).status).toBe(406));

  it.each<[string, string, Headers, number]>([
    ['OPTIONS', requestOtpPath, { 'Access-Control-Request-Method': 'POST' }, 200],
    ['GET', '/api/account/me/', {}, 401],
    ['GET', '/health/live/', {}, 200],
    ['POST', '/api/sms/receipts/twilio/', {}, 404],
  ])('leaves %s %s as it is', async (method, path, headers, status) => {
    const reply = await test.send({ method, path, headers: { Origin: 'https://evil.test', ...headers } });
    expect(reply.status).toBe(status);
  });

  it('is a problem with a code of its own', async () => {
    const { text } = await ask({ Origin: 'null', Accept: 'application/problem+json' });
    expect(JSON.parse(text)).toMatchObject({ status: 403, code: 'cross_site_request', title: 'Cross-site request' });
  });

  it.each<[string, Headers, number]>([
    ['its origin', { Origin: 'https://hodi.test:8443', Host: 'internal' }, 200],
    ['the same host at another port', { Origin: 'https://hodi.test', Host: 'internal' }, 403],
    [
      'the request’s own Host',
      { Origin: 'http://rebound.test', Host: 'rebound.test', 'Sec-Fetch-Site': 'same-origin' },
      403,
    ],
    ['a listed origin', { Origin: listed, Host: 'internal' }, 200],
  ])('is, where PUBLIC_URL is set, from %s %o: %i', async (_what, headers, status) => {
    const other = await TestApp.start(sqlite, { PUBLIC_URL: 'https://hodi.test:8443/signin', CORS_ORIGINS: listed });
    const reply = await other.send({ method: 'POST', path: requestOtpPath, headers: { ...form, ...headers }, body });
    await other.stop();
    expect(reply.status).toBe(status);
  });
});
