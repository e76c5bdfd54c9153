import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Not } from 'typeorm';
import { ClockWatch } from '../src/transaction/clock-watch';
import { Session } from '../src/session/session.entity';
import { databases, mysql, sqlite } from './support/databases';
import { mysqlUrl, scratchFolder } from './support/environment';
import { postJson, requestOtpPath, send, verifyPath } from './support/http-client';
import { ServiceProcess } from './support/service-process';
import { TestApp } from './support/test-app';

const phone = '+255679190720';
const onMysql = mysqlUrl === undefined ? describe.skip : describe;
const ready = { method: 'GET', path: '/health/ready/' };
const unavailable = '{"detail":"Service temporarily unavailable, try again later."}';

onMysql('a machine whose clock is not the database’s', () => {
  let test: TestApp;

  beforeAll(async () => void (test = await TestApp.start(mysql)));
  beforeEach(() => test.reset());
  afterEach(() => setAhead(0));
  afterAll(() => test.stop());

  async function setAhead(seconds: number): Promise<void> {
    test.clock.machineAheadSeconds = seconds;
    await test.app.get(ClockWatch).measure();
  }

  const lines = (message: string) => test.logged.filter((line) => line.includes(`"msg":"${message}"`));

  it.each([2.5, -2.5, 86_400, -86_400])('is not ready while it is %d s ahead, and says so once', async (seconds) => {
    test.logged.length = 0;
    for (let times = 0; times < 2; times++) {
      await setAhead(seconds);
      const reply = await test.send(ready);
      expect([reply.status, reply.text]).toEqual([
        503,
        '{"status":"unavailable","parts":{"clock":"down","database":"up"}}',
      ]);
    }
    expect(lines('clocks are apart')).toEqual([expect.stringContaining('"offsetMilliseconds":')]);

    for (let times = 0; times < 2; times++) {
      await setAhead(seconds / Math.abs(seconds));
      expect((await test.send(ready)).text).toBe('{"status":"ok","parts":{"database":"up"}}');
    }
    expect(lines('clocks agree again')).toHaveLength(1);
  });

  it('refuses whatever needs the database, takes no code, sends no text, and goes on where it was', async () => {
    const code = await test.obtainOtp(phone);
    const signedIn = await test.verify('+255754000001', await test.obtainOtp('+255754000001'));
    const { access, refresh } = JSON.parse(signedIn.text) as Record<string, string>;
    const headers = { Authorization: `Bearer ${access}` };
    await setAhead(60);
    const replies = [
      await test.requestOtp('+255754000002'),
      await test.verify(phone, code),
      await test.post('/api/account/token/refresh/', { refresh }),
      await test.post('/api/account/token/blacklist/', { refresh }),
      await test.send({ method: 'GET', path: '/api/account/me/', headers }),
      await test.send({ method: 'DELETE', path: '/api/account/me/', headers }),
    ];
    for (const { status, text, headers } of replies) {
      expect([status, text, headers['retry-after']]).toEqual([503, unavailable, '5']);
    }
    await test.textsSent();
    expect(test.inbox.to('+255754000002')).toEqual([]);
    expect((await test.send({ method: 'GET', path: '/health/live/' })).status).toBe(200);

    await setAhead(0);
    expect((await test.verify(phone, code)).status).toBe(200);
    expect((await test.post('/api/account/token/refresh/', { refresh })).status).toBe(200);
  });

  it('is as ready as before while the database does not answer', async () => {
    const other = await TestApp.start(mysql);
    await other.dataSource.destroy();
    other.clock.machineAheadSeconds = 60;
    await other.app.get(ClockWatch).measure();
    expect((await other.send(ready)).text).toBe('{"status":"unavailable","parts":{"database":"down"}}');
    await other.dataSource.initialize();
    await other.stop();
  });
});

describe('a machine with an embedded database', () => {
  it('has one clock only', async () => {
    const test = await TestApp.start(sqlite);
    test.clock.machineAheadSeconds = 3_600;
    await test.app.get(ClockWatch).measure();
    expect((await test.send(ready)).status).toBe(200);
    expect((await test.requestOtp(phone)).status).toBe(200);
    await test.stop();
  });
});

const libfaketime = ['x86_64', 'aarch64']
  .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`)
  .find((file) => existsSync(file));
const canFake = mysqlUrl !== undefined && libfaketime !== undefined;

(canFake ? describe : describe.skip)('two processes, one 30 s ahead (needs MySQL and Debian’s faketime)', () => {
  it('share no code and no session until the clock is set right', async () => {
    const url = await mysql.create();
    const offset = join(scratchFolder(), 'offset');
    writeFileSync(offset, '+30');
    const right = await ServiceProcess.start({ DATABASE_URL: url });
    const ahead = await ServiceProcess.start({
      DATABASE_URL: url,
      LD_PRELOAD: libfaketime,
      FAKETIME_TIMESTAMP_FILE: offset,
      FAKETIME_NO_CACHE: '1',
      DONT_FAKE_MONOTONIC: '1',
    });
    const readiness = async (service: ServiceProcess) => (await send(service.url, ready)).text;

    expect(await readiness(right)).toBe('{"status":"ok","parts":{"database":"up"}}');
    expect(await readiness(ahead)).toBe('{"status":"unavailable","parts":{"clock":"down","database":"up"}}');
    expect(ahead.output.filter((line) => line.includes('"msg":"clocks are apart"'))).toHaveLength(1);
    expect(ahead.output.findIndex((line) => line.includes('clocks are apart'))).toBeLessThan(
      ahead.output.findIndex((line) => line.includes('"msg":"listening"')),
    );
    expect((await postJson(right.url, requestOtpPath, { phone_number: phone })).status).toBe(200);
    const body = { phone_number: phone, otp: await right.codeFor(phone) };
    expect((await postJson(ahead.url, verifyPath, body)).status).toBe(503);

    writeFileSync(offset, '+0');
    while ((await send(ahead.url, ready)).status !== 200) await setImmediate();
    expect((await postJson(ahead.url, verifyPath, body)).status).toBe(200);
    expect([await right.stop(), await ahead.stop()]).toEqual([0, 0]);
  });
});

describe.each(databases)('a clock that is set, on $name,', (database) => {
  let test: TestApp;

  beforeAll(async () => void (test = await TestApp.start(database, { THROTTLE_LIMIT: '50' })));
  afterAll(() => test.stop());
  beforeEach(async () => {
    await test.reset();
    test.clock.advance(60);
  });

  const me = async (access: string) =>
    (await test.send({ method: 'GET', path: '/api/account/me/', headers: { Authorization: `Bearer ${access}` } }))
      .status;

  it.each([-120, -5])('by %d s, keeps no session alive here that another node has closed 4 s ago', async (seconds) => {
    const { text } = await test.verify(phone, await test.obtainOtp(phone));
    const { access } = JSON.parse(text) as { access: string };
    expect(await me(access)).toBe(200);
    await test.dataSource
      .getRepository(Session)
      .update({ accountId: Not('') }, { revokedAt: test.clock.now(), revokedWhy: 'closed' });
    test.clock.set(seconds);
    test.clock.advance(4);
    expect(await me(access)).toBe(401);
  });

  it.each([-86_400, -59, 61, 86_400])('by %d s, neither ends nor stretches a limit', async (seconds) => {
    const ask = async () => (await test.send({ method: 'GET', path: '/api/account/' })).status;
    // From the beginning of a window of 60 s on.
    test.clock.advance(60 - ((test.clock.now().getTime() / 1000) % 60));
    for (let request = 0; request < 50; request++) expect(await ask()).toBe(404);
    test.clock.set(seconds);
    expect(await ask()).toBe(429);
    test.clock.advance(59);
    expect(await ask()).toBe(429);
    test.clock.advance(1);
    expect(await ask()).toBe(404);
  });
});
