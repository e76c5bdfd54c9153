import { createHmac } from 'node:crypto';
import { Account } from '../src/account/account.entity';
import { KeyRing } from '../src/key/key-ring';
import { OtpChallenge } from '../src/otp/otp-challenge.entity';
import { OtpService } from '../src/otp/otp.service';
import { Session } from '../src/session/session.entity';
import { Transaction } from '../src/transaction/transaction';
import { TransactionRunner } from '../src/transaction/transaction-runner';
import { databases, sqlite } from './support/databases';
import { secrets } from './support/environment';
import { anybody, otherThan, TestApp } from './support/test-app';

const phone = '+255679190720';
const newSecret = 'Zq8WfKx2LmVt9RbNc4YhGs7PdJe3UaTi5OoHyXwB';

describe.each(databases)('what only another request in between would show, on $name', (database) => {
  let test: TestApp;

  beforeAll(async () => void (test = await TestApp.start(database)));
  beforeEach(() => test.reset());
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => test.stop());

  const count = (entity: new () => object) => test.dataSource.getRepository(entity).count();

  async function guessWrong(times: number, code: string): Promise<void> {
    for (let guess = 0; guess < times; guess++) await test.verify(phone, otherThan(code));
  }

  const answering = (sql: string, rows: object[]) => {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called with `apply` below
    const execute = Transaction.prototype.execute;
    let once = true;
    jest.spyOn(Transaction.prototype, 'execute').mockImplementation(function (this: Transaction, ...call) {
      if (!once || !call[0].startsWith(sql)) return execute.apply(this, call);
      once = false;
      return Promise.resolve({ affected: 0, rows });
    });
  };

  const requested = async () => JSON.parse((await test.requestOtp(phone)).text) as object;

  it('keeps to the grown gap after a code that was guessed to the end', async () => {
    await guessWrong(5, await test.obtainOtp(phone));
    test.clock.advance(60);
    await guessWrong(5, await test.obtainOtp(phone));
    test.clock.advance(119);
    expect((await test.requestOtp(phone)).status).toBe(429);
    test.clock.advance(1);
    await guessWrong(5, await test.obtainOtp(phone));
    test.clock.advance(299);
    expect((await test.requestOtp(phone)).status).toBe(429);
  });

  it('keeps to the grown gap after a code that expired unused', async () => {
    const code = await test.obtainOtp(phone);
    test.clock.advance(60);
    await test.requestOtp(phone);
    test.clock.advance(300);
    expect(await requested()).toMatchObject({ expires_in: 300, resend_in: 300 });
    expect(await test.lastCode(phone)).not.toBe(code);
    test.clock.advance(299);
    expect((await test.requestOtp(phone)).status).toBe(429);
    test.clock.advance(1);
    expect(await requested()).toMatchObject({ expires_in: 300, resend_in: 300 });
  });

  it('begins with the first gap again after a sign-in, also when the next code has taken the place of the used one', async () => {
    await test.requestOtp(phone);
    test.clock.advance(60);
    await test.verify(phone, await test.obtainOtp(phone));
    test.clock.advance(60);
    expect(await requested()).toMatchObject({ expires_in: 300, resend_in: 60 });
    test.clock.advance(60);
    expect(await requested()).toMatchObject({ expires_in: 240, resend_in: 120 });
    test.clock.advance(119);
    expect((await test.requestOtp(phone)).status).toBe(429);
  });

  it('counts the text that is asked for at the very moment of a sign-in', async () => {
    const code = await test.obtainOtp(phone);
    test.clock.advance(60);
    await test.verify(phone, code);
    expect(await requested()).toMatchObject({ resend_in: 60 });
    test.clock.advance(60);
    expect(await requested()).toMatchObject({ resend_in: 120 });
  });

  it('begins with the first gap again when the texts are 24 hours old, and not a moment before', async () => {
    for (const gap of [60, 120]) {
      await test.requestOtp(phone);
      test.clock.advance(gap);
    }
    test.clock.advance(86_400 - 120 - 0.001);
    expect(await requested()).toMatchObject({ resend_in: 120 });
    test.clock.advance(86_400);
    expect(await requested()).toMatchObject({ resend_in: 60 });
  });

  it('begins with the first gap again after a sign-in whose account was deleted', async () => {
    await test.requestOtp(phone);
    test.clock.advance(60);
    const { text } = await test.verify(phone, await test.obtainOtp(phone));
    const headers = { Authorization: `Bearer ${(JSON.parse(text) as { access: string }).access}` };
    expect((await test.send({ method: 'DELETE', path: '/api/account/me/', headers })).status).toBe(204);
    test.clock.advance(59);
    expect((await test.requestOtp(phone)).headers['retry-after']).toBe('1');
    test.clock.advance(1);
    expect(await requested()).toMatchObject({ resend_in: 60 });
  });

  (database.name === 'MySQL' ? it : it.skip)(
    'uses up no code that took the place of the compared one (MySQL only: SQLite has one writer)',
    async () => {
      const code = await test.obtainOtp(phone);
      test.clock.advance(400);
      const used = await test.app.get(TransactionRunner).run(async (transaction) => {
        const execute = transaction.execute.bind(transaction);
        jest.spyOn(transaction, 'execute').mockImplementationOnce(async (...read) => {
          const result = await execute(...read);
          await test.obtainOtp(phone);
          return result;
        });
        const guess = { phoneNumber: phone, purpose: 'sign-in' as const, otp: code, guesser: anybody };
        const otps = test.app.get(OtpService);
        return (await otps.consume(transaction, guess, await otps.read(transaction, guess))).outcome === 'right';
      });
      expect(used).toBe(false);
      const challenge = await test.dataSource.getRepository(OtpChallenge).findOneByOrFail({});
      expect(challenge).toMatchObject({ attempts: 0, consumedAt: null });
    },
  );

  it('knows codes that were sent before SECRET_KEY changed, and makes new ones by the new key', async () => {
    const url = await database.create();
    const node = (SECRET_KEY: string) => TestApp.start({ ...database, create: async () => url }, { SECRET_KEY });
    const before = await node(secrets.SECRET_KEY);
    const old = await before.obtainOtp(phone);
    await before.stop();
    const during = await node(`${newSecret},${secrets.SECRET_KEY}`);
    expect((await during.verify(phone, old)).status).toBe(200);
    during.clock.advance(60);
    const next = await during.obtainOtp(phone);
    await during.stop();
    const after = await node(newSecret);
    expect((await after.verify(phone, next)).status).toBe(200);
    await after.stop();
  });

  it('keeps with a session when it ends at the latest', async () => {
    await test.verify(phone, await test.obtainOtp(phone));
    const [session] = await test.dataSource.getRepository(Session).find();
    const after = (days: number) => new Date(test.clock.now().getTime() + days * 86_400_000);
    expect(session).toMatchObject({ createdAt: after(0), expiresAt: after(30), absoluteExpiresAt: after(90) });
  });

  it('enters the account that another sign-in made meanwhile', async () => {
    await test.verify(phone, await test.obtainOtp(phone));
    test.clock.advance(60);
    const code = await test.obtainOtp(phone);
    answering('SELECT id, display_name', []);
    const reply = await test.verify(phone, code);
    expect([reply.status, JSON.parse(reply.text)]).toMatchObject([200, { new_member: false }]);
    expect([await count(Account), await count(Session)]).toEqual([1, 2]);
  });

  it('makes an account anew that was deleted meanwhile', async () => {
    const code = await test.obtainOtp(phone);
    answering('SELECT id, display_name', [{ id: 'deleted', displayName: '', locale: '' }]);
    expect(JSON.parse((await test.verify(phone, code)).text)).toMatchObject({ new_member: true });
    const [account] = await test.dataSource.getRepository(Account).find();
    expect(await test.dataSource.getRepository(Session).find()).toMatchObject([{ accountId: account!.id }]);
  });
});
it('signs refresh tokens by the newest of the keys derived for them', async () => {
  const app = await TestApp.start(sqlite, { SECRET_KEY: `${newSecret},${secrets.SECRET_KEY}` });
  const { refresh } = JSON.parse((await app.verify(phone, await app.obtainOtp(phone))).text) as { refresh: string };
  await app.stop();
  const [header, payload, signature] = refresh.split('.');
  const { key } = new KeyRing([newSecret], 'refresh-token').newest;
  expect(createHmac('sha256', key).update(`${header}.${payload}`).digest('base64url')).toBe(signature);
});
