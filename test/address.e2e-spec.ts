import { sqlite } from './support/databases';
import { postJson, requestOtpPath, send, verifyPath } from './support/http-client';
import { ServiceProcess } from './support/service-process';
import { TestApp } from './support/test-app';

const phone = '+255679190720';
const sessionsPath = '/api/account/sessions/';

async function ipOfSession(url: string, access: string): Promise<string | undefined> {
  const headers = { Authorization: `Bearer ${access}` };
  const { text } = await send(url, { method: 'GET', path: sessionsPath, headers });
  return (JSON.parse(text) as { ip: string }[])[0]?.ip;
}

const accessIn = (text: string) => (JSON.parse(text) as { access: string }).access;

describe('the network that a session keeps, behind a trusted proxy', () => {
  let test: TestApp;

  beforeAll(async () => void (test = await TestApp.start(sqlite, { TRUSTED_PROXIES: '127.0.0.1/32' })));
  beforeEach(() => test.reset());
  afterAll(() => test.stop());

  it.each([
    ['203.0.113.8', '203.0.113.0'],
    ['203.0.113.8:4711', '203.0.113.0'],
    ['::ffff:203.0.113.8', '203.0.113.0'],
    ['2001:DB8:1:2::1', '2001:db8:1::'],
    ['[2001:db8:1:2::1]:443', '2001:db8:1::'],
    ['fe80::1%eth0', 'fe80::'],
    ['198.51.100.1, 010.1.2.3', ''],
    ['198.51.100.1, unknown', ''],
    ['198.51.100.1, ', ''],
  ])('is, for %j, %s', async (forwarded, ip) => {
    const body = { phone_number: phone, otp: await test.obtainOtp(phone) };
    const { text } = await test.post(verifyPath, body, { 'X-Forwarded-For': forwarded });
    expect(await ipOfSession(test.url, accessIn(text))).toBe(ip);
    const [event] = await test.dataSource.query<{ ip: string }[]>("SELECT ip FROM auth_event WHERE kind = 'signed_in'");
    expect(event).toEqual({ ip });
  });
});

describe('HOST=::', () => {
  let service: ServiceProcess;
  const port = () => new URL(service.url).port;

  beforeAll(async () => void (service = await ServiceProcess.start({ HOST: '::', THROTTLE_LIMIT: '6' })));
  afterAll(() => service.stop());

  it('listens for IPv6 and for IPv4, whose callers have their IPv4 address', async () => {
    const v4 = `http://127.0.0.1:${port()}`;
    expect((await send(`http://[::1]:${port()}`, { method: 'GET', path: '/health/live/' })).status).toBe(200);
    await postJson(v4, requestOtpPath, { phone_number: phone });
    const otp = await service.codeFor(phone);
    const { text } = await postJson(v4, verifyPath, { phone_number: phone, otp });
    expect(await ipOfSession(v4, accessIn(text))).toBe('127.0.0.0');
  });

  it('counts callers by IPv4 apart from each other: they are no one IPv6 network', async () => {
    const statusFrom = async (host: string, localAddress?: string) =>
      (await send(`http://${host}:${port()}`, { method: 'GET', path: '/api/account/', localAddress })).status;
    for (let time = 0; time < 6; time++) await statusFrom('127.0.0.1');
    expect(await statusFrom('127.0.0.1')).toBe(429);
    expect(await statusFrom('127.0.0.1', '127.0.0.2')).toBe(404);
    expect(await statusFrom('[::1]')).toBe(404);
  });
});
