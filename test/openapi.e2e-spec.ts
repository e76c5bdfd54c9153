import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type ConsoleMessage, type Page, type Response } from 'playwright-core';
import { documentFile, expectDocumented, openApiDocument } from './support/openapi-document';
import { requestOtpPath, send, verifyPath } from './support/http-client';
import { ServiceProcess } from './support/service-process';

const root = join(__dirname, '..');
const phone = '+255679190720';

describe('the OpenAPI document', () => {
  let service: ServiceProcess;
  beforeAll(async () => void (service = await ServiceProcess.start()));
  afterAll(() => service.stop());

  it('lints clean', () => {
    const redocly = join(root, 'node_modules/@redocly/cli/bin/cli.js');
    const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
    const told = execFileSync(process.execPath, [redocly, 'lint', '--format=json', documentFile], {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    expect(JSON.parse(told.toString())).toMatchObject({ totals: { errors: 0, warnings: 0 } });
  });

  it('is served as JSON and as YAML', async () => {
    const json = await fetch(`${service.url}/api/openapi.json`);
    expect([json.status, json.headers.get('content-type')]).toEqual([200, 'application/json']);
    const yaml = await fetch(`${service.url}/api/openapi.yaml`);
    expect([yaml.status, (await yaml.text()).split('\n')[0]]).toEqual([200, 'openapi: 3.0.0']);
  });

  it('names each route with its slash, and every status that it sends', () => {
    const named = Object.entries(openApiDocument().paths).flatMap(([path, item]) =>
      Object.entries(item as Record<string, { responses: object }>).map(
        ([method, { responses }]) => `${method} ${path} ${Object.keys(responses).join(' ')}`,
      ),
    );
    expect(named.sort()).toEqual(
      [
        `post ${requestOtpPath} 200 400 403 406 413 415 422 429 500 503`,
        `post ${verifyPath} 200 400 403 406 413 415 422 429 500 503`,
        'get /api/account/me/ 200 401 406 429 500 503',
        'delete /api/account/me/ 204 400 401 403 406 422 429 500 503',
        'patch /api/account/me/ 200 400 401 403 406 413 415 429 500 503',
        'post /api/account/me/phone-number/ 200 400 401 403 406 413 415 422 429 500 503',
        'post /api/account/me/phone-number/verify/ 200 400 401 403 406 413 415 422 429 500 503',
        'post /api/account/phone-number/undo/ 200 400 403 406 413 415 422 429 500 503',
        'get /api/account/events/ 200 401 404 406 429 500 503',
        'post /api/account/token/refresh/ 200 400 401 403 406 413 415 429 500 503',
        'post /api/account/token/verify/ 200 400 401 403 406 413 415 429 500 503',
        'post /api/account/token/blacklist/ 200 400 401 403 406 413 415 429 500 503',
        'get /api/account/sessions/ 200 401 406 429 500 503',
        'delete /api/account/sessions/ 204 401 403 406 429 500 503',
        'delete /api/account/sessions/{id}/ 204 401 403 404 406 429 500 503',
        'get /api/account/challenge/ 200 404 406 429 500 503',
        'get /api/account/request-otp/{request_id}/ 200 404 406 429 500 503',
        'post /api/sms/receipts/{transport}/ 200 400 403 404 406 413 415 429 500 503',
        'get /api/sms/receipts/{transport}/ 200 400 403 404 406 429 500 503',
        'get /.well-known/jwks.json 200 406 429 500',
        'get /health/live/ 200 406 500',
        'get /health/ready/ 200 406 500 503',
      ].sort(),
    );
  });

  it('shows every refusal that a route sends: another one fails a test', () => {
    const refused = (detail: string, code: string) => () =>
      expectDocumented('DELETE', '/api/account/me/', {
        status: 403,
        headers: { 'content-type': 'application/json' },
        text: JSON.stringify({ detail, code }),
      });
    expect(refused('Sign in again to do this.', 'fresh_login_required')).not.toThrow();
    expect(refused('This receipt is not authentic.', 'receipt_not_authentic')).toThrow(
      /@Refuses does not name receipt/,
    );
  });

  it.each(['*/*', 'text/html', 'text/css', 'application/yaml'])(
    'comes with its page, whole, for Accept: %s',
    async (Accept) => {
      const files =
        'swagger-ui.css index.css swagger-ui-bundle.js swagger-ui-start.js favicon-16x16.png favicon-32x32.png';
      const paths = ['/api/docs', '/api/docs/', '/api/docs/index.html', '/api/openapi.json', '/api/openapi.yaml'];
      for (const path of [...paths, ...files.split(' ').map((file) => `/api/docs/${file}`)]) {
        const { status, headers } = await fetch(`${service.url}${path}`, { headers: { Accept } });
        expect([path, status, headers.get('x-content-type-options')]).toEqual([path, 200, 'nosniff']);
      }
    },
  );

  it.each(['/api/docs', '/api/docs/', '/api/docs/index.html'])(
    'is shown at %s by a page that runs no inline script',
    async (path) => {
      const reply = await fetch(`${service.url}${path}`);
      const policy = reply.headers.get('content-security-policy');
      expect(policy).toMatch(/default-src 'none'; script-src 'self'; style-src 'self'/);
      expect(policy).toMatch(/frame-ancestors 'none'/);
      expect(policy).not.toMatch(/unsafe|\*/);
      expect(await reply.text()).not.toMatch(/<script>|<style|style=|onload=|javascript:/);
    },
  );

  it.each([
    'package.json',
    'README.md',
    'LICENSE',
    'NOTICE',
    'index.js',
    'absolute-path.js',
    'swagger-ui-bundle.js.map',
    'swagger-ui.css.map',
    'swagger-ui-es-bundle.js',
    'oauth2-redirect.html',
    'swagger-initializer.js',
    'docs/package.json',
    'docs/swagger-ui.css',
    '%2e%2e/package.json',
    '..%2fpackage.json',
    'swagger-ui.css%00',
  ])('does not come with %s of the package', async (file) => {
    const { status, text } = await send(service.url, { method: 'GET', path: `/api/docs/${file}` });
    expect([status, text]).toEqual([404, '{"detail":"Not found."}']);
  });

  it('is not there where API_DOCS is off, while the page of problems is', async () => {
    const without = await ServiceProcess.start({ API_DOCS: 'off' });
    const statuses: [string, number][] = [];
    const paths = ['/api/docs', '/api/docs/', '/api/docs/swagger-ui.css', '/api/openapi.json', '/api/openapi.yaml'];
    for (const path of paths)
      for (const method of ['GET', 'POST', 'OPTIONS'])
        statuses.push([`${method} ${path}`, (await send(without.url, { method, path })).status]);
    const problems = await fetch(`${without.url}/api/docs/problems/`);
    const me = await send(without.url, { method: 'PUT', path: '/api/account/me/' });
    await without.stop();
    expect(statuses.filter(([, status]) => status !== 404)).toEqual([]);
    expect([problems.status, me.status]).toEqual([200, 401]);
  });

  it('takes bodies as JSON, as a form and as multipart', () => {
    const body = openApiDocument().paths[verifyPath]?.post?.requestBody as { content: object };
    expect(Object.keys(body.content)).toEqual([
      'application/json',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
    ]);
  });
});

const executablePath = '/usr/bin/chromium';

(existsSync(executablePath) ? describe : describe.skip)('Swagger UI (skipped without Chromium)', () => {
  let service: ServiceProcess;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    service = await ServiceProcess.start();
    const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'];
    browser = await chromium.launch({ executablePath, args });
    page = await browser.newPage();
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await service.stop();
  });

  it.each(['/api/docs/', '/api/docs'])('opens at %s, whole', async (path) => {
    const failed: string[] = [];
    const note = (response: Response) => void (response.status() < 400 || failed.push(response.url()));
    const hear = (message: ConsoleMessage) => void failed.push(message.text());
    page.on('response', note).on('console', hear);
    await page.goto(`${service.url}${path}`);
    await page.getByText('/api/account/request-otp/', { exact: true }).waitFor();
    await page.locator('#operations-account-requestOtp .opblock-summary-control').click();
    await page.getByRole('button', { name: 'Execute' }).waitFor();
    await page.getByRole('button', { name: 'Authorize' }).first().click();
    await page.locator('.auth-container input').waitFor();
    expect(failed).toEqual([]);
    page.off('response', note).off('console', hear);
  });

  it('signs a person in by the examples that it shows', async () => {
    await page.goto(`${service.url}/api/docs/`);
    const press = async (operation: string, body?: object) => {
      const block = page.locator(`#operations-account-${operation}`);
      await block.locator('.opblock-summary-control').click();
      if (body) await block.locator('textarea.body-param__text').fill(JSON.stringify(body));
      await block.getByRole('button', { name: 'Execute' }).click();
      const reply = block.locator('.live-responses-table .response');
      await reply.waitFor();
      return reply.innerText();
    };
    expect(await press('requestOtp')).toMatch(/^200[\s\S]*OTP sent successfully/);
    const otp = await service.codeFor(phone);
    expect(await press('verifyOtpAndGenerateToken', { phone_number: phone, otp })).toMatch(
      /^200[\s\S]*"new_member": true/,
    );
  });
});
