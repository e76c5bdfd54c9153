import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type Page, type Response } from 'playwright-core';
import { documentFile, openApiDocument } from './support/openapi-document';
import { requestOtpPath, verifyPath } from './support/http-client';
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
        'delete /api/account/me/ 204 401 403 406 422 429 500 503',
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
        'get /api/account/request-otp/{request_id}/ 200 404 406 429 500 503',
        'post /api/sms/receipts/{transport}/ 200 400 403 404 406 413 415 500 503',
        'get /api/sms/receipts/{transport}/ 200 400 403 404 406 500 503',
        'get /.well-known/jwks.json 200 406 500',
        'get /health/live/ 200 406 500',
        'get /health/ready/ 200 406 500 503',
      ].sort(),
    );
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
    page.on('response', note);
    await page.goto(`${service.url}${path}`);
    await page.getByText('/api/account/request-otp/', { exact: true }).waitFor();
    expect(failed).toEqual([]);
    page.off('response', note);
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
