import { OtpChallenge } from '../src/otp/otp-challenge.entity';
import { SmsMessage } from '../src/sms/sms-message.entity';
import { databases } from './support/databases';
import { requestOtpPath } from './support/http-client';
import { otherThan, TestApp } from './support/test-app';

const reviewer = '+255754000001';
const code = '246810';
const ordinary = '+255679190720';

describe.each(databases)('a number with a fixed code, on $name', (database) => {
  let test: TestApp;

  // The tests' clock begins on the first of June.
  beforeEach(async () => {
    test = await TestApp.start(database, { OTP_TEST_NUMBERS: `${reviewer}:${code}:2026-06-02` });
  });
  afterEach(() => test.stop());

  const invalid = { status: 400, text: '{"detail":"Invalid OTP"}' };

  it('signs in by that code, time and again, and no text is sent', async () => {
    for (const newMember of [true, false]) {
      expect((await test.requestOtp(reviewer)).status).toBe(200);
      await test.textsSent();
      const { status, text } = await test.verify(reviewer, code);
      expect([status, JSON.parse(text)]).toMatchObject([200, { new_member: newMember }]);
      test.clock.advance(60);
    }
    expect(test.inbox.texts).toEqual([]);
    expect(await test.dataSource.getRepository(SmsMessage).find()).toMatchObject(
      Array(2).fill({ state: 'sent', transport: null, reason: 'test_number', dueAt: null, attempts: 0 }),
    );
  });

  it('is told as sent to whoever asks what became of the request', async () => {
    const { request_id: id } = JSON.parse((await test.requestOtp(reviewer)).text) as { request_id: string };
    const { text } = await test.send({ method: 'GET', path: `${requestOtpPath}${id}/` });
    expect(text).toBe('{"status":"sent"}');
  });

  it('has the code only when it was asked for, and once', async () => {
    expect(await test.verify(reviewer, code)).toMatchObject(invalid);
    await test.requestOtp(reviewer);
    expect((await test.verify(reviewer, code)).status).toBe(200);
    expect(await test.verify(reviewer, code)).toMatchObject(invalid);
  });

  it('counts attempts like any other, and keeps to the gap', async () => {
    await test.requestOtp(reviewer);
    expect((await test.requestOtp(reviewer)).status).toBe(429);
    for (let guess = 0; guess < 5; guess++) expect(await test.verify(reviewer, otherThan(code))).toMatchObject(invalid);
    expect(await test.verify(reviewer, code)).toMatchObject(invalid);
    expect(await test.dataSource.getRepository(OtpChallenge).find()).toMatchObject([{ attempts: 5 }]);
  });

  it('is past its life when a code is', async () => {
    await test.requestOtp(reviewer);
    test.clock.advance(300);
    expect(await test.verify(reviewer, code)).toMatchObject(invalid);
  });

  it('is an ordinary number after its last day', async () => {
    await test.requestOtp(reviewer);
    test.clock.advance(43_199 + 86_400);
    await test.requestOtp(reviewer);
    expect((await test.verify(reviewer, code)).status).toBe(200);

    test.clock.advance(60);
    const drawn = await test.obtainOtp(reviewer);
    expect(drawn).not.toBe(code);
    expect(await test.verify(reviewer, code)).toMatchObject(invalid);
    expect((await test.verify(reviewer, drawn)).status).toBe(200);
  });

  it('lends its code to no other number', async () => {
    const drawn = await test.obtainOtp(ordinary);
    expect(drawn).not.toBe(code);
    expect(await test.verify(ordinary, code)).toMatchObject(invalid);
  });

  it('can also be the one that an account moves to', async () => {
    const { access } = JSON.parse((await test.verify(ordinary, await test.obtainOtp(ordinary))).text) as {
      access: string;
    };
    const headers = { Authorization: `Bearer ${access}` };
    await test.post('/api/account/me/phone-number/', { phone_number: reviewer }, headers);
    await test.textsSent();
    const body = { phone_number: reviewer, otp: code };
    expect((await test.post('/api/account/me/phone-number/verify/', body, headers)).status).toBe(200);
    expect(test.inbox.to(reviewer)).toEqual([]);
  });

  it('gets no text when an account moves away from it', async () => {
    await test.requestOtp(reviewer);
    const { access } = JSON.parse((await test.verify(reviewer, code)).text) as { access: string };
    const headers = { Authorization: `Bearer ${access}` };
    await test.post('/api/account/me/phone-number/', { phone_number: ordinary }, headers);
    const body = { phone_number: ordinary, otp: await test.lastCode(ordinary) };
    expect((await test.post('/api/account/me/phone-number/verify/', body, headers)).status).toBe(200);
    await test.textsSent();
    expect(test.inbox.to(reviewer)).toEqual([]);
    expect(await test.dataSource.getRepository(SmsMessage).findBy({ phoneNumber: reviewer })).toMatchObject([
      { template: 'phone-changed', state: 'sent', reason: 'test_number' },
    ]);
  });
});
