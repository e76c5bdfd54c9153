import { AuthEvent } from '../src/event/auth-event.entity';
import { databases } from './support/databases';
import { otherThan, TestApp } from './support/test-app';

const phone = '+255679190720';

describe.each(databases)('the log of codes, on $name', (database) => {
  let test: TestApp;

  beforeAll(async () => void (test = await TestApp.start(database, { THROTTLE_LIMIT: '100' })));
  beforeEach(async () => {
    await test.reset();
    test.clock.advance(60);
    test.logged.length = 0;
  });
  afterAll(() => test.stop());

  type Line = Record<'msg' | 'phone' | 'network' | 'purpose' | 'outcome', string> & { status?: number };
  const lines = (msg: string) => test.logged.map((line) => JSON.parse(line) as Line).filter((line) => line.msg === msg);
  const outcomes = (msg: string) => lines(msg).map(({ outcome }) => outcome);

  it('names the outcome of each guess, which the reply does not', async () => {
    const code = await test.obtainOtp(phone);
    const guesses = [
      [phone, otherThan(code)],
      ['+255754000009', code],
      [phone, code],
      [phone, code],
    ] as const;
    for (const [number, otp] of guesses) await test.verify(number, otp);
    test.clock.advance(60);
    const second = await test.obtainOtp(phone);
    for (let guess = 0; guess < 6; guess++) await test.verify(phone, otherThan(second));
    test.clock.advance(600);
    await test.verify(phone, second);
    expect(outcomes('code checked')).toEqual([
      'wrong',
      'never_sent',
      'right',
      'used',
      'wrong',
      'wrong',
      'wrong',
      'wrong',
      'wrong',
      'used_up',
      'expired',
    ]);
  });

  it('names what came of each request for a code', async () => {
    await test.obtainOtp(phone);
    await test.requestOtp(phone);
    test.clock.advance(60);
    const code = await test.obtainOtp(phone);
    for (let guess = 0; guess < 5; guess++) await test.verify(phone, otherThan(code));
    test.clock.advance(120);
    await test.requestOtp(phone);
    test.clock.advance(300);
    await test.requestOtp(phone);
    expect(outcomes('code requested')).toEqual(['issued', 'in_gap', 'sent_again', 'replaced', 'issued']);
  });

  it('has the keyed hash of events for the number, the network of the client, and neither number nor code', async () => {
    const code = await test.obtainOtp(phone);
    await test.verify(phone, otherThan(code));
    await test.verify(phone, code);
    const [event] = await test.dataSource.getRepository(AuthEvent).find();
    const subject = { phone: event!.phonePseudonym, network: '127.0.0.0', purpose: 'sign-in' };
    expect(lines('code requested')).toEqual([expect.objectContaining(subject)]);
    expect(lines('code checked')).toEqual([expect.objectContaining(subject), expect.objectContaining(subject)]);
    for (const secret of [code, otherThan(code), phone.slice(4), '127.0.0.1']) {
      expect(test.logged.join('')).not.toContain(secret);
    }
  });

  it('tells guesses at a new number from those at a sign-in', async () => {
    const signIn = await test.verify(phone, await test.obtainOtp(phone));
    const headers = { Authorization: `Bearer ${(JSON.parse(signIn.text) as { access: string }).access}` };
    const path = '/api/account/me/phone-number/';
    const other = { phone_number: '+255754000001' };
    await test.post(path, other, headers);
    await test.post(`${path}verify/`, { ...other, otp: otherThan(await test.lastCode(other.phone_number)) }, headers);
    expect(lines('code requested').at(-1)).toMatchObject({ purpose: 'new-number', outcome: 'issued' });
    expect(lines('code checked').at(-1)).toMatchObject({ purpose: 'new-number', outcome: 'wrong' });
  });

  it('counts one right guess of many at once', async () => {
    const code = await test.obtainOtp(phone);
    await Promise.all(Array.from({ length: 20 }, () => test.verify(phone, code)));
    expect(outcomes('code checked').sort().at(0)).toMatch(/^(overtaken|right)$/);
    expect(outcomes('code checked').filter((outcome) => outcome === 'right')).toHaveLength(1);
    expect(outcomes('code checked')).toHaveLength(20);
  });

  it('has the network in the line of each request, also of those that were throttled', async () => {
    for (let request = 0; request < 101; request++) await test.send({ method: 'GET', path: '/api/account/' });
    expect(lines('request').at(-1)).toMatchObject({ status: 429, network: '127.0.0.0' });
  });
});
