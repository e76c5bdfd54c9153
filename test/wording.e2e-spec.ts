import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { SmsMessage } from '../src/sms/sms-message.entity';
import { databases } from './support/databases';
import { scratchFolder, testEnvironment } from './support/environment';
import { requestOtpPath } from './support/http-client';
import { codeIn } from './support/inbox';
import { ServiceProcess } from './support/service-process';
import { TestApp } from './support/test-app';

const phone = '+255679190720';
const other = '+33612345678';
const tooLong = { SMS_APP_NAME: 'هودي', SMS_BOUND_DOMAIN: `${'a'.repeat(50)}.hodi.test` };

describe.each(databases)('the language of a text, on $name', (database) => {
  let test: TestApp;
  beforeAll(async () => void (test = await TestApp.start(database, { SMS_DEFAULT_LOCALE: 'fr' })));
  beforeEach(() => test.reset());
  afterAll(() => test.stop());

  const germany = '+4915112345678';
  it.each<[string, string, object, Record<string, string>, RegExp]>([
    ['locale', phone, { locale: 'pt-MZ' }, { 'Accept-Language': 'ar' }, /serve para entrar/],
    ['Accept-Language', phone, {}, { 'Accept-Language': 'de, ar;q=0.8' }, /رمز الدخول/],
    [
      'Accept-Language, where there are no words for locale',
      phone,
      { locale: 'de' },
      { 'Accept-Language': 'en' },
      /is your/,
    ],
    ['its country', phone, {}, { 'Accept-Language': 'de' }, /namba yako/],
    ['the settings', germany, {}, {}, /est votre code/],
  ])('is that of %s', async (_of, phoneNumber, more, headers, text) => {
    await test.post(requestOtpPath, { phone_number: phoneNumber, ...more }, headers);
    await test.textsSent();
    expect(test.inbox.texts).toMatchObject([{ text: expect.stringMatching(text) as string }]);
  });

  it('may be another one when it is sent again, and the code the same', async () => {
    const first = await test.obtainOtp(phone);
    test.clock.advance(60);
    await test.post(requestOtpPath, { phone_number: phone, locale: 'en' });
    expect(await test.lastCode(phone)).toBe(first);
    expect(test.inbox.texts.at(-1)!.text).toContain('is your Hodi code');
  });

  it('is the account’s own where it asks for a code at a new number', async () => {
    const { text } = await test.verify(phone, await test.obtainOtp(phone));
    const headers = { Authorization: `Bearer ${(JSON.parse(text) as { access: string }).access}` };
    const ask = async (more: Record<string, string> = {}) => {
      await test.post('/api/account/me/phone-number/', { phone_number: other }, { ...headers, ...more });
      await test.textsSent();
      test.clock.advance(130);
      return test.inbox.to(other).at(-1)!.text;
    };
    expect(await ask()).toContain('confirme votre nouveau numéro');
    expect(await ask({ 'Accept-Language': 'sw' })).toContain('inathibitisha simu yako mpya');
    const json = { ...headers, 'Content-Type': 'application/json' };
    await test.send({ method: 'PATCH', path: '/api/account/me/', headers: json, body: '{"locale":"en-KE"}' });
    expect(await ask({ 'Accept-Language': 'sw' })).toContain('confirms your new number');
    expect(await test.dataSource.getRepository(SmsMessage).countBy({ template: 'new-number', locale: 'en' })).toBe(1);
  });
});

describe('a service with a website and an app', () => {
  it('sends texts that both can read, and that sign in', async () => {
    const env = { SMS_APP_NAME: 'Wema', SMS_BOUND_DOMAIN: 'app.wema.test', SMS_ANDROID_HASH: 'FA+9qCX9VSu' };
    const test = await TestApp.start(undefined, env);
    const code = await test.obtainOtp(phone);
    expect(test.inbox.texts[0]!.text).toBe(
      `${code} ni namba yako ya Wema. Usimpe mtu yeyote.\n@app.wema.test #${code} FA+9qCX9VSu`,
    );
    expect(codeIn(test.inbox.texts[0]!.text)).toBe(code);
    expect((await test.verify(phone, code)).status).toBe(200);
    await test.stop();
  });

  it('does not start with texts that are too long for that, and says where to look', async () => {
    await expect(ServiceProcess.start(tooLong)).rejects.toThrow(
      /^exit 1: SMS_APP_NAME, SMS_BOUND_DOMAIN, SMS_ANDROID_HASH: too long together for one text; see `npm run sms:lint`\.$/,
    );
  });
});

describe('npm run sms:lint', () => {
  const lint = (env: NodeJS.ProcessEnv = {}) => {
    const program = join(__dirname, '../dist/cli/sms-lint.js');
    const { status, stdout, stderr } = spawnSync(process.execPath, [program], {
      env: testEnvironment(env),
      cwd: scratchFolder(),
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  };

  it('shows each text with its alphabet, segments and bytes', () => {
    const { status, stdout, stderr } = lint({ SMS_BOUND_DOMAIN: 'app.hodi.test' });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain(
      'fits     sign-in sw: GSM-7, 1 segment, 71 bytes\n' +
        '  123456 ni namba yako ya Hodi. Usimpe mtu yeyote.\n' +
        '  @app.hodi.test #123456\n',
    );
    expect(
      stdout.match(
        /^fits {5}(sign-in|new-number|phone-changed) (en|sw|fr|ar|pt): (GSM-7|UCS-2), 1 segment, \d+ bytes$/gm,
      ),
    ).toHaveLength(15);
    expect(stdout).toMatch(/\nAll 15 texts fit\.\n$/);
  });

  it('fails for texts that are too long, and shows them all the same', () => {
    const { status, stdout, stderr } = lint(tooLong);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^TOO LONG sign-in (\w\w): UCS-2, 2 segments, \d+ bytes$/m);
    expect(stderr).toMatch(/^\d+ of 15 texts are longer than one segment, or than 140 bytes\.\n$/);
  });
});
