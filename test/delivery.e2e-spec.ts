import { Account } from '../src/account/account.entity';
import { OtpChallenge } from '../src/otp/otp-challenge.entity';
import { SmsMessage, type SmsState } from '../src/sms/sms-message.entity';
import { databases } from './support/databases';
import { requestOtpPath } from './support/http-client';
import { TestApp } from './support/test-app';

const phone = '+255679190720';

describe.each(databases)('what became of a request for a code, on $name', (database) => {
  let test: TestApp;

  beforeAll(async () => void (test = await TestApp.start(database)));
  beforeEach(() => test.reset());
  afterAll(() => test.stop());

  async function requested(phoneNumber = phone): Promise<string> {
    const { text } = await test.requestOtp(phoneNumber);
    await test.textsSent();
    return (JSON.parse(text) as { request_id: string }).request_id;
  }
  const ask = async (id: string, path = `${requestOtpPath}${id}/`) => {
    const { status, text, headers } = await test.send({ method: 'GET', path });
    return { status, text, cache: headers['cache-control'] };
  };

  it.each<[SmsState, string]>([
    ['queued', 'queued'],
    ['sending', 'queued'],
    ['sent', 'sent'],
    ['delivered', 'delivered'],
    ['failed', 'failed'],
    ['expired', 'expired'],
  ])('is told of a text that is %s: %s', async (state, status) => {
    const id = await requested();
    await test.dataSource.getRepository(SmsMessage).update({ id }, { state });
    const told = { status: 200, text: `{"status":"${status}"}`, cache: 'no-store' };
    expect(await ask(id)).toEqual(told);
    expect(await ask(id, `${requestOtpPath}${id}`)).toEqual(told);
  });

  it('goes from queued to sent as the text does', async () => {
    test.inbox.refusing = true;
    const id = await requested();
    expect((await ask(id)).text).toBe('{"status":"queued"}');
    test.inbox.refusing = false;
    test.clock.advance(2);
    await test.textsSent();
    expect((await ask(id)).text).toBe('{"status":"sent"}');
  });

  it('is told of each request by itself: one that is sent again has an id of its own', async () => {
    const first = await requested();
    test.clock.advance(60);
    test.inbox.refusing = true;
    const second = await requested();
    expect([(await ask(first)).text, (await ask(second)).text]).toEqual(['{"status":"sent"}', '{"status":"queued"}']);
  });

  it('is the same for numbers with and without an account, and tells neither number nor account', async () => {
    const stranger = await requested('+255754000001');
    await test.verify(phone, await test.obtainOtp(phone));
    test.clock.advance(60);
    const member = await requested();
    expect(await ask(member)).toEqual(await ask(stranger));
    expect(await test.dataSource.getRepository(Account).count()).toBe(1);
  });

  it.each([
    ['another id', '019aab3c-6a51-7c3e-9f0b-4d5a1f2e6b77'],
    ['a number', encodeURIComponent(phone)],
    ['SQL', encodeURIComponent("' OR ''='")],
    ['an endless id', 'a'.repeat(4_000)],
    ['characters that are no ASCII', '%E2%82%AC'],
  ])('is 404 for %s', async (_what, id) => {
    await requested();
    expect(await ask(id)).toEqual({ status: 404, text: '{"detail":"Not found."}', cache: 'no-store' });
  });

  it('cannot be asked for by the id of the challenge', async () => {
    await requested();
    const [challenge] = await test.dataSource.getRepository(OtpChallenge).find();
    expect((await ask(challenge!.id)).status).toBe(404);
  });

  it('is gone with the account', async () => {
    const id = await requested();
    const { text } = await test.verify(phone, await test.lastCode(phone));
    const { access } = JSON.parse(text) as { access: string };
    const headers = { Authorization: `Bearer ${access}` };
    expect((await test.send({ method: 'DELETE', path: '/api/account/me/', headers })).status).toBe(204);
    expect((await ask(id)).status).toBe(404);
  });

  it('is read by GET alone', async () => {
    const path = `${requestOtpPath}${await requested()}/`;
    const { status, text, headers } = await test.send({ method: 'POST', path });
    expect([status, text, headers.allow]).toEqual([
      405,
      '{"detail":"Method \\"POST\\" not allowed."}',
      'GET, HEAD, OPTIONS',
    ]);
  });
});

describe('asking what became of a request', () => {
  it('counts as a call of the address', async () => {
    const test = await TestApp.start(undefined, { THROTTLE_LIMIT: '2' });
    const ask = () => test.send({ method: 'GET', path: `${requestOtpPath}none/` });
    expect([(await ask()).status, (await ask()).status, (await ask()).status]).toEqual([404, 404, 429]);
    await test.stop();
  });
});
