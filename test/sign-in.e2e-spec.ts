import { Account } from '../src/account/account.entity';
import { OtpChallenge } from '../src/otp/otp-challenge.entity';
import { SmsMessage } from '../src/sms/sms-message.entity';
import { Session } from '../src/session/session.entity';
import { databases } from './support/databases';
import { otpSent, type HttpReply } from './support/http-client';
import { codeIn } from './support/inbox';
import { otherThan, TestApp } from './support/test-app';

const phone = '+255679190720';
const other = '+255754000001';
const invalidOtp = '{"detail":"Invalid OTP"}';

const throttled = (seconds: number) => `{"detail":"Request was throttled. Expected available in ${seconds} seconds."}`;

describe.each(databases)('signing in, on $name', (database) => {
  let test: TestApp;

  beforeAll(async () => void (test = await TestApp.start(database)));
  beforeEach(() => test.reset());
  afterAll(() => test.stop());

  const count = (entity: new () => object) => test.dataSource.getRepository(entity).count();
  const newMember = ({ text }: HttpReply) => (JSON.parse(text) as { new_member: boolean }).new_member;

  async function guessWrong(times: number, code: string): Promise<void> {
    for (let guess = 0; guess < times; guess++)
      expect((await test.verify(phone, otherThan(code))).text).toBe(invalidOtp);
  }

  describe('asking for a code', () => {
    it('answers with the contract’s body and sends one text with one group of digits', async () => {
      const { status, text, headers } = await test.requestOtp(phone);
      await test.textsSent();

      expect(status).toBe(200);
      expect(text).toMatch(otpSent);
      expect(headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' });
      expect(test.inbox.texts).toHaveLength(1);
      expect(test.inbox.texts[0]).toMatchObject({ to: phone });
      expect(test.inbox.texts[0]!.text.match(/\d+/g)).toEqual([expect.stringMatching(/^\d{6}$/)]);
    });

    it('makes no account', async () => {
      await test.obtainOtp(phone);
      expect(await count(Account)).toBe(0);
    });

    it('answers the same for known and unknown numbers', async () => {
      await test.verify(phone, await test.obtainOtp(phone));
      test.clock.advance(400);

      const [known, unknown] = [await test.requestOtp(phone), await test.requestOtp(other)];
      const told = ({ status, text, headers }: HttpReply) => ({
        status,
        text: text.replace(/"request_id":"[0-9a-f-]{36}"/, ''),
        headers: { ...headers, date: '', 'x-request-id': '' },
      });
      expect(told(known)).toEqual(told(unknown));
    });

    it.each([
      '+1 900 234 5678',
      '+800 1234 5678',
      '+870 773 111 632',
      '+44 70 1234 5678',
      '+878 10 1234567890',
      '+255',
      'abc',
    ])('refuses %s, writes nothing and sends nothing', async (phoneNumber) => {
      const { status, text } = await test.requestOtp(phoneNumber);
      expect([status, text]).toEqual([400, '{"phone_number":["Enter a valid phone number."]}']);
      expect(await count(OtpChallenge)).toBe(0);
      expect(await count(SmsMessage)).toBe(0);
    });
  });

  describe('asking again', () => {
    it('sends the same code again after 60, 120 and 300 seconds, and is throttled until then', async () => {
      const code = await test.obtainOtp(phone);
      for (const [gap, next] of [
        [60, 120],
        [120, 300],
      ] as const) {
        test.clock.advance(gap - 1.5);
        const early = await test.requestOtp(phone);
        expect([early.status, early.text]).toEqual([
          429,
          '{"detail":"Request was throttled. Expected available in 2 seconds."}',
        ]);
        expect(early.headers['retry-after']).toBe('2');
        test.clock.advance(0.5);
        expect((await test.requestOtp(phone)).text).toContain('Expected available in 1 second."');
        test.clock.advance(1);
        expect(JSON.parse((await test.requestOtp(phone)).text)).toMatchObject({ resend_in: next });
        expect(await test.lastCode(phone)).toBe(code);
      }
      expect(test.inbox.texts).toHaveLength(3);
      expect((await test.requestOtp(phone)).text).toBe(throttled(300));
    });

    it('tells how long the code still lives', async () => {
      await test.obtainOtp(phone);
      test.clock.advance(60.5);
      expect(JSON.parse((await test.requestOtp(phone)).text)).toMatchObject({ expires_in: 239, resend_in: 120 });
    });

    it('keeps the gap when the code was used, and then sends another code', async () => {
      const code = await test.obtainOtp(phone);
      await test.verify(phone, code);
      test.clock.advance(59);
      expect((await test.requestOtp(phone)).status).toBe(429);
      test.clock.advance(1);
      expect(JSON.parse((await test.requestOtp(phone)).text)).toMatchObject({ expires_in: 300, resend_in: 60 });
      await test.textsSent();
      expect(codeIn(test.inbox.texts[1]!.text)).not.toBe(code);
    });

    it('does not give spent guesses back', async () => {
      const code = await test.obtainOtp(phone);
      await guessWrong(4, code);
      test.clock.advance(60);
      expect(await test.obtainOtp(phone)).toBe(code);
      await guessWrong(1, code);
      expect((await test.verify(phone, code)).text).toBe(invalidOtp);
    });

    it('tells a request that was overtaken, or came to a node whose clock is behind, to wait for the gap at most', async () => {
      const gaps = [60, 120, 300];
      for (const gap of gaps) {
        expect((await test.requestOtp(phone)).status).toBe(200);
        test.clock.set(-0.9);
        const early = await test.requestOtp(phone);
        expect([early.status, early.text, early.headers['retry-after']]).toEqual([429, throttled(gap), String(gap)]);
        test.clock.advance(gap + 0.9);
      }
    });

    it('sends a fresh code when less than 30 seconds are left of the live one, which is then void', async () => {
      const dying = await test.obtainOtp(phone);
      await guessWrong(2, dying);
      test.clock.advance(270);
      expect(await test.obtainOtp(phone)).toBe(dying);

      const replaced = await test.obtainOtp(other);
      test.clock.advance(270.001);
      expect(JSON.parse((await test.requestOtp(other)).text)).toMatchObject({ expires_in: 300, resend_in: 120 });
      const fresh = await test.lastCode(other);
      expect(fresh).not.toBe(replaced);
      expect((await test.verify(other, replaced)).text).toBe(invalidOtp);
      test.clock.advance(299);
      expect((await test.verify(other, fresh)).status).toBe(200);
    });

    it('gives no guesses back with a fresh code for one that was about to expire', async () => {
      await guessWrong(4, await test.obtainOtp(phone));
      test.clock.advance(299.3);
      const fresh = await test.obtainOtp(phone);
      await guessWrong(1, fresh);
      expect((await test.verify(phone, fresh)).text).toBe(invalidOtp);
    });

    it('gives all guesses with a code that follows an expired or a used one', async () => {
      await guessWrong(4, await test.obtainOtp(phone));
      test.clock.advance(300);
      const second = await test.obtainOtp(phone);
      await guessWrong(4, second);
      expect((await test.verify(phone, second)).status).toBe(200);
      test.clock.advance(299);
      const third = await test.obtainOtp(phone);
      await guessWrong(4, third);
      expect((await test.verify(phone, third)).status).toBe(200);
    });

    it('sends a new code after one that was guessed to the end, with growing gaps', async () => {
      const first = await test.obtainOtp(phone);
      await guessWrong(5, first);
      test.clock.advance(60);
      expect(JSON.parse((await test.requestOtp(phone)).text)).toMatchObject({ expires_in: 300, resend_in: 120 });
      const second = await test.lastCode(phone);
      await guessWrong(5, second);
      test.clock.advance(120);
      expect(JSON.parse((await test.requestOtp(phone)).text)).toMatchObject({ expires_in: 300, resend_in: 300 });
      expect((await test.verify(phone, await test.lastCode(phone))).status).toBe(200);
    });
  });

  describe('trading a code for tokens', () => {
    it('answers with a refresh token, an access token and whether the member is new', async () => {
      const { status, text, headers } = await test.verify(phone, await test.obtainOtp(phone));
      expect(status).toBe(200);
      expect(text).toMatch(
        /^\{"refresh":"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9\.[\w-]+\.[\w-]+","access":"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9\.[\w-]+\.[\w-]+","new_member":true\}$/,
      );
      expect(headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' });
      expect([await count(Account), await count(Session)]).toEqual([1, 1]);
    });

    it('calls a member new exactly once, and records the last login', async () => {
      expect(newMember(await test.verify(phone, await test.obtainOtp(phone)))).toBe(true);
      test.clock.advance(400);
      expect(newMember(await test.verify(phone, await test.obtainOtp(phone)))).toBe(false);

      const account = await test.dataSource.getRepository(Account).findOneByOrFail({ phoneNumber: phone });
      expect(account.lastLoginAt).toEqual(test.clock.now());
      expect(account.lastLoginAt.getTime() - account.createdAt.getTime()).toBe(400_000);
      expect(await count(Session)).toBe(2);
    });

    it('knows one account by all written forms of its number', async () => {
      const forms = ['+255 679 190 720', '(+255) 679-190-720', '+255.679.190.720', '+2550679190720', '+٢٥٥٦٧٩١٩٠٧٢٠'];
      for (const form of forms) {
        await test.requestOtp(form);
        expect((await test.verify(forms[0]!, await test.lastCode(phone))).status).toBe(200);
        test.clock.advance(400);
      }
      expect(await test.dataSource.getRepository(Account).find({ select: { phoneNumber: true } })).toEqual([
        { phoneNumber: phone },
      ]);
    });

    it.each([
      ['Arabic-Indic', 0x660],
      ['extended Arabic-Indic', 0x6f0],
      ['Devanagari', 0x966],
      ['fullwidth', 0xff10],
      ['mathematical, outside the basic plane', 0x1d7ce],
    ])('reads a code in %s digits', async (_script, zero) => {
      const code = await test.obtainOtp(phone);
      const typed = code.replace(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)));
      expect((await test.verify(phone, typed)).status).toBe(200);
    });

    it('counts the characters of a code as they were typed, and takes no direction marks off it', async () => {
      const code = await test.obtainOtp(phone);
      expect((await test.verify(phone, `\u2068${code}\u2069`)).text).toBe(
        '{"otp":["Ensure this field has no more than 6 characters."]}',
      );
      expect((await test.verify(phone, `\u2068${code.slice(1, 5)}\u2069`)).text).toBe(invalidOtp);
    });

    it('knows a number that was pasted with direction marks', async () => {
      await test.requestOtp(`\u202a${phone}\u202c`);
      expect((await test.verify(`\u2068${phone}\u2069`, await test.lastCode(phone))).status).toBe(200);
    });

    it('accepts a code until its life is over, and not a moment longer', async () => {
      const code = await test.obtainOtp(phone);
      test.clock.advance(299.999);
      expect((await test.verify(phone, code)).status).toBe(200);

      const late = await test.obtainOtp(other);
      test.clock.advance(300);
      expect((await test.verify(other, late)).text).toBe(invalidOtp);
      test.clock.advance(1);
      expect((await test.verify(other, late)).text).toBe(invalidOtp);
    });

    it('counts five wrong guesses and then refuses the right code', async () => {
      const code = await test.obtainOtp(phone);
      await guessWrong(4, code);
      await guessWrong(1, code);
      expect((await test.verify(phone, code)).text).toBe(invalidOtp);
      const challenge = await test.dataSource.getRepository(OtpChallenge).findOneByOrFail({ phoneNumber: phone });
      expect(challenge).toMatchObject({ attempts: 5, consumedAt: null });
      expect(await count(Account)).toBe(0);
    });

    it('accepts the right code as the fifth guess', async () => {
      const code = await test.obtainOtp(phone);
      await guessWrong(4, code);
      expect((await test.verify(phone, code)).status).toBe(200);
    });

    it('answers wrong, expired, used, used up, foreign and never sent codes with the same bytes and headers', async () => {
      const replies: HttpReply[] = [];
      const code = await test.obtainOtp(phone);
      const foreign = await test.obtainOtp(other);
      replies.push(await test.verify(phone, otherThan(code)));
      replies.push(await test.verify(phone, foreign === code ? otherThan(code) : foreign));
      replies.push(await test.verify('+255754000002', code));
      await test.verify(phone, code);
      replies.push(await test.verify(phone, code));
      for (let guess = 0; guess < 5; guess++) await test.verify(other, otherThan(foreign));
      replies.push(await test.verify(other, foreign));
      test.clock.advance(400);
      const expired = await test.obtainOtp(phone);
      test.clock.advance(301);
      replies.push(await test.verify(phone, expired));
      replies.push(await test.verify('+19002345678', code));

      const told = replies.map(({ status, text, headers }) => ({
        status,
        text: text.replace(/"request_id":"[0-9a-f-]{36}"/, ''),
        headers: { ...headers, date: '', 'x-request-id': '' },
      }));
      expect(told[0]).toMatchObject({ status: 400, text: invalidOtp });
      for (const reply of told) expect(reply).toEqual(told[0]);
    });
  });

  it('holds no code in any table while it is live', async () => {
    const code = await test.obtainOtp(phone);
    const tables = test.dataSource.entityMetadatas.map(({ tableName }) => tableName);
    const rows = await Promise.all(tables.map((table) => test.dataSource.query<object[]>(`SELECT * FROM ${table}`)));
    const dump = JSON.stringify(rows).replaceAll(/"\d{4}-\d\d-\d\d[^"]*"/g, '""');

    expect(dump).toContain(phone);
    expect(dump).not.toContain(code);
    expect((await test.verify(phone, code)).status).toBe(200);
  });
});
