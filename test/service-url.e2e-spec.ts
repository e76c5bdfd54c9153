import { AuthEvents } from '../src/event/auth-events';
import { TransactionRunner } from '../src/transaction/transaction-runner';
import { sqlite } from './support/databases';
import { sendRaw } from './support/raw-socket';
import { TestApp } from './support/test-app';

const phone = '+255679190720';
const publicUrl = 'https://hodi.test:8443/signin';

describe.each([
  ['no proxy is trusted', {}],
  ['a proxy is trusted', { TRUSTED_PROXIES: '127.0.0.1/32' }],
  ['PUBLIC_URL is set', { TRUSTED_PROXIES: '127.0.0.1/32', PUBLIC_URL: `${publicUrl}/` }],
])('links to the service where %s', (_where, env) => {
  let test: TestApp;
  let access: string;

  beforeAll(async () => {
    test = await TestApp.start(sqlite, env);
    const { text } = await test.verify(phone, await test.obtainOtp(phone));
    access = (JSON.parse(text) as { access: string }).access;
    const [account] = await test.dataSource.query<{ id: string }[]>('SELECT id FROM account');
    await test.app.get(TransactionRunner).run(async (transaction) => {
      const event = { kind: 'signed_out', accountId: account!.id } as const;
      for (let made = 0; made < 40; made++) await test.app.get(AuthEvents).record(transaction, event);
    });
  });
  afterAll(() => test.stop());

  const secondPage = (heads: string[], version = '1.1') =>
    sendRaw(
      test.url,
      [
        `GET /api/account/events/?page=2 HTTP/${version}`,
        `Authorization: Bearer ${access}`,
        'Connection: close',
        ...heads,
        '\r\n',
      ].join('\r\n'),
    );

  async function base(heads: string[], version?: string): Promise<string> {
    const { next, previous } = JSON.parse((await secondPage(heads, version)).text) as Record<string, string>;
    expect(next).toBe(`${previous}?page=3`);
    return previous!.replace(/\/api\/account\/events\/$/, '');
  }

  it('begin with it', async () => {
    const direct = 'PUBLIC_URL' in env ? publicUrl : 'http://a.test:81';
    expect(await base(['Host: a.test:81'])).toBe(direct);
    const proxied = 'TRUSTED_PROXIES' in env ? 'https://b.test' : 'http://a.test';
    expect(await base(['Host: a.test', 'X-Forwarded-Host: b.test', 'X-Forwarded-Proto: HTTPS'])).toBe(
      'PUBLIC_URL' in env ? publicUrl : proxied,
    );
    expect(await base([], '1.0')).toBe('PUBLIC_URL' in env ? publicUrl : '');
    const { servers } = JSON.parse((await test.send({ method: 'GET', path: '/api/openapi.json' })).text) as {
      servers: object;
    };
    expect(servers).toEqual([{ url: 'PUBLIC_URL' in env ? publicUrl : '/' }]);
  });

  it.each([
    'X-Forwarded-Host: a b/<x>',
    'X-Forwarded-Host: b.test,',
    'X-Forwarded-Host: b.test/path',
    'X-Forwarded-Host: b.test, user@c.test',
    'X-Forwarded-Proto: javascript',
    'X-Forwarded-Proto: https://evil.test/',
    'X-Forwarded-Proto: https, ftp',
  ])('are not made from %s', async (forged) => {
    const { status, text } = await secondPage(['Host: a.test', forged]);
    if ('TRUSTED_PROXIES' in env) expect([status, text]).toEqual([400, '{"detail":"Malformed request."}']);
    else expect(text).toContain('"previous":"http://a.test/api/account/events/"');
  });
});
