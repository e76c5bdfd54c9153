import type { TestingModuleBuilder } from '@nestjs/testing';
import { SiteverifyEndpoints } from '../src/challenge/siteverify';
import { OtpChallenge } from '../src/otp/otp-challenge.entity';
import { challengePath } from './support/altcha';
import { mysql, sqlite, type TestDatabase } from './support/databases';
import { mysqlUrl } from './support/environment';
import { requestOtpPath, type HttpReply } from './support/http-client';
import { TestApp } from './support/test-app';
import { failures, refusal, SiteverifyServer, siteverifySecret } from './simulator/siteverify-server';

const invalid = '{"captcha_token":["Enter a valid value."]}';
const siteKey = '1x00000000000000000000AA';

let asked = 0;
const ask = (test: TestApp, captcha_token?: string, headers?: Record<string, string>) => {
  const phone_number = `+25567919${String(1_000 + (asked += 1)).slice(-4)}`;
  return test.post(requestOtpPath, { phone_number, captcha_token }, headers);
};

const told = ({ status, text }: HttpReply) => [status, status === 200 ? '' : text];

const environment = (CAPTCHA_PROVIDER: string) => ({
  ...{ CAPTCHA_MODE: 'always', CAPTCHA_PROVIDER },
  ...{ CAPTCHA_SECRET: siteverifySecret, CAPTCHA_SITE_KEY: siteKey },
});

const at =
  ({ url }: SiteverifyServer, timeoutMilliseconds = 10_000) =>
  (builder: TestingModuleBuilder) =>
    builder
      .overrideProvider(SiteverifyEndpoints)
      .useValue({ turnstile: url, hcaptcha: url, recaptcha: url, timeoutMilliseconds });

describe.each(['turnstile', 'hcaptcha', 'recaptcha'])('challenges of %s', (name) => {
  let provider: SiteverifyServer;
  let test: TestApp;
  beforeAll(async () => {
    provider = await new SiteverifyServer().start();
    test = await TestApp.start(sqlite, environment(name), at(provider));
  });
  beforeEach(async () => {
    await test.reset();
    provider.work();
    test.logged.length = 0;
  });
  afterAll(() => Promise.all([test.stop(), provider.stop()]));

  it('are started with the public key alone', async () => {
    const { status, text } = await test.send({ method: 'GET', path: challengePath });
    expect([status, text]).toEqual([200, JSON.stringify({ provider: name, site_key: siteKey })]);
  });

  it('are checked by a form with the secret and the token', async () => {
    const token = provider.token();
    expect((await ask(test, token)).status).toBe(200);
    expect(provider.requests).toHaveLength(1);
    const [{ method, path, headers, body }] = provider.requests as [SiteverifyServer['requests'][number]];
    expect([method, path, headers['content-type']]).toEqual([
      ...['POST', '/siteverify', 'application/x-www-form-urlencoded;charset=UTF-8'],
    ]);
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({ secret: siteverifySecret, response: token });
  });

  it('are demanded without a call', async () => {
    expect(told(await ask(test))).toEqual([400, '{"captcha_token":["This field is required."]}']);
    expect(provider.requests).toHaveLength(0);
  });

  it('are refused where the provider refuses the token', async () => {
    expect(told(await ask(test, 'guessed&secret=x'))).toEqual([400, invalid]);
    expect(test.logged.join('')).not.toContain('dependency unavailable');
  });

  it('are good once', async () => {
    const token = provider.token();
    const replies = [await ask(test, token), await ask(test, token)];
    expect(replies.map(told)).toEqual([
      [200, ''],
      [400, invalid],
    ]);
  });

  it('are good once, though the provider has forgotten it', async () => {
    const token = provider.token();
    expect((await ask(test, token)).status).toBe(200);
    provider.forgetUses();
    expect(told(await ask(test, token))).toEqual([400, invalid]);
    expect(provider.requests).toHaveLength(2);
  });
});

describe('a provider of challenges', () => {
  let provider: SiteverifyServer;
  let test: TestApp;
  beforeAll(async () => {
    provider = await new SiteverifyServer().start();
    test = await TestApp.start(sqlite, environment('turnstile'), at(provider, 300));
  });
  beforeEach(async () => {
    await test.reset();
    provider.work();
    test.logged.length = 0;
  });
  afterAll(() => test.stop());

  const expectClosed = async (token: string) => {
    const { status, text, headers } = await ask(test, token);
    expect([status, text, headers['retry-after']]).toEqual([
      ...[503, '{"detail":"Service temporarily unavailable, try again later."}', '5'],
    ]);
    expect(await test.dataSource.getRepository(OtpChallenge).count()).toBe(0);
  };

  it.each(failures)('that %s lets nobody through: 503', async (_name, answer, logged) => {
    provider.fail(answer);
    const token = provider.token();
    await expectClosed(token);
    const line = test.logged.find((it) => it.includes('dependency unavailable')) ?? '{}';
    expect(JSON.parse(line)).toMatchObject({ error: { message: 'turnstile did not check a token', code: logged } });
    expect(test.logged.join('')).not.toContain(token);
    expect(test.logged.join('')).not.toContain(siteverifySecret);
    provider.work();
    expect((await ask(test, token)).status).toBe(200);
  });

  it.each([['expired-input-response'], ['already-seen-response'], ['invalid-or-already-seen-response']])(
    'that says %s refuses the token',
    async (code) => {
      provider.fail(refusal(code));
      expect(told(await ask(test, provider.token()))).toEqual([400, invalid]);
    },
  );

  it('that gives no reason refuses the token', async () => {
    provider.fail(refusal());
    expect(told(await ask(test, provider.token()))).toEqual([400, invalid]);
  });

  it('that is down lets nobody through: 503', async () => {
    const token = provider.token();
    await provider.stop();
    await expectClosed(token);
  });
});

(mysqlUrl === undefined ? describe.skip : describe)('a forgetful provider (skipped without TEST_MYSQL_URL)', () => {
  it('lets one of 20 parallel requests on two nodes through', async () => {
    const provider = await new SiteverifyServer().start();
    const url = await mysql.create();
    const shared: TestDatabase = { name: mysql.name, create: async () => url };
    const first = await TestApp.start(shared, environment('hcaptcha'), at(provider));
    const nodes = [first, await TestApp.start(shared, environment('hcaptcha'), at(provider))];
    provider.fail((response) => response.end('{"success":true}'));
    const replies = await Promise.all(Array.from({ length: 20 }, (_, index) => ask(nodes[index % 2]!, 'one-token')));
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(replies.filter(({ text }) => text === invalid)).toHaveLength(19);
    await Promise.all([...nodes.map((node) => node.stop()), provider.stop()]);
  });
});

it('the providers are asked at their own addresses, for 3 seconds', () => {
  expect(new SiteverifyEndpoints()).toEqual({
    turnstile: 'https://challenges.cloudflare.com/turnstile/v0/siteverify',
    hcaptcha: 'https://api.hcaptcha.com/siteverify',
    recaptcha: 'https://www.google.com/recaptcha/api/siteverify',
    timeoutMilliseconds: 3_000,
  });
});
