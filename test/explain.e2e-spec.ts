import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { databases } from './support/databases';
import { testEnvironment } from './support/environment';
import { requestOtpPath } from './support/http-client';
import { TestApp } from './support/test-app';

const phone = '+255679190720';
const defaults = {
  OTP_TEXTS_PER_HOUR: '2',
  OTP_TEXTS_PER_DAY: '10',
  OTP_WRONG_PER_DAY: '10',
  OTP_WRONG_PER_MONTH: '30',
};

describe.each(databases)('npm run explain, on $name', (database) => {
  let test: TestApp;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    const url = await database.create();
    env = testEnvironment({ DATABASE_URL: url, ...defaults });
    test = await TestApp.start({ ...database, create: async () => url }, { DATA_DIR: env.DATA_DIR, ...defaults });
    // The command has the time of this machine.
    test.clock.advance((Date.now() - test.clock.now().getTime()) / 1000);
  });
  beforeEach(() => test.reset());
  afterAll(() => test.stop());

  function explain(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const program = join(__dirname, '../dist/cli/explain.js');
    return new Promise((resolve) =>
      execFile(
        process.execPath,
        [program, ...args],
        { env: { ...env, PATH: process.env.PATH } },
        (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
      ),
    );
  }

  const rows = async () =>
    Promise.all(
      ['number_limit', 'otp_challenge', 'sms_message', 'budget_window'].map((table) =>
        test.dataSource.query<object[]>(`SELECT * FROM ${table}`),
      ),
    );

  it('says that a code would be sent to a number that nobody has asked for', async () => {
    const { code, stdout } = await explain(phone, '--ip', '203.0.113.7');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^The client is not known\.\n/);
    expect(stdout).toMatch(/number_texts_hour +0 +2 +pass/);
    expect(stdout).toMatch(/\nA new code would be sent\.\n$/);
  });

  it('names the limit that refuses, how long it does and what would help, and counts nothing', async () => {
    test.clock.advance(-200);
    await test.post(requestOtpPath, { phone_number: phone });
    test.clock.advance(60);
    await test.post(requestOtpPath, { phone_number: phone });
    test.clock.advance(140);
    await test.textsSent();
    const before = await rows();
    const { stdout } = await explain(phone, '--ip', '203.0.113.7');
    expect(stdout).toMatch(/number_texts_hour +2 +2 +refuse +33\d\d s +Wait, or ask from a device/);
    expect(stdout).toMatch(/\nNo code would be sent now\.\n$/);
    expect(await rows()).toEqual(before);
  });

  it('knows a device by its token', async () => {
    const reply = await test.verify(phone, await test.obtainOtp(phone));
    const { stdout } = await explain(phone, '--ip', '203.0.113.7', '--device', String(reply.headers['x-device-token']));
    expect(stdout).toMatch(/^The client is known by its device\.\n/);
  });

  it.each([[[]], [[phone]], [[phone, '--ip', 'here']], [['12', '--ip', '203.0.113.7']]])(
    'says how it is used, after %j',
    async (args) => {
      const { code, stderr } = await explain(...args);
      expect(code).toBe(1);
      expect(stderr).toContain('Usage: npm run explain -- +255679190720 --ip 203.0.113.7');
    },
  );
});
