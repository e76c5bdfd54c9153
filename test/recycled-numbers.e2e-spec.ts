import { createHmac } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { IsNull } from 'typeorm';
import { Account } from '../src/account/account.entity';
import { Retention } from '../src/account/retention';
import { AuthEvent } from '../src/event/auth-event.entity';
import { PhoneChange } from '../src/otp/phone-change.entity';
import { UndoCodes } from '../src/otp/undo-codes';
import { OtpService } from '../src/otp/otp.service';
import { Session } from '../src/session/session.entity';
import { SessionService } from '../src/session/session.service';
import { Transaction } from '../src/transaction/transaction';
import { databases, mysql } from './support/databases';
import { mysqlUrl } from './support/environment';
import { verifyPath, type HttpReply } from './support/http-client';
import { TestApp } from './support/test-app';

const phone = '+255679190720';
const elsewhere = '+255754000001';
const day = 86_400;
const importSecret = 'kT4vYb8NqWz2XsGm6RjHc9PfLd3UaEo7Ii5OwBxV';

/** Sessions that outlive the default of 180 days, and all that tokens can tell. */
const longLived = {
  REFRESH_TOKEN_IDLE_SECONDS: String(365 * day),
  REFRESH_TOKEN_MAX_SECONDS: String(365 * day),
  ACCESS_TOKEN_CLAIMS: 'phone_number,display_name,new_member',
  SIMPLEJWT_SECRET: importSecret,
  SIMPLEJWT_MAX_LIFE_SECONDS: String(365 * day),
};

interface SignedIn {
  access: string;
  refresh: string;
  new_member: boolean;
  deviceToken: string;
}

const claimsOf = ({ access }: Pick<SignedIn, 'access'>) =>
  JSON.parse(Buffer.from(access.split('.')[1]!, 'base64url').toString()) as Record<string, unknown>;
const idOf = (signedIn: SignedIn) => claimsOf(signedIn).user_id as string;
const signedInBy = ({ text, headers }: HttpReply): SignedIn => ({
  ...(JSON.parse(text) as SignedIn),
  deviceToken: headers['x-device-token']!,
});

/** A refresh token of the stack that the user with that id was brought over from, good for a year. */
function foreignToken(jti: string, userId: string, now: Date): string {
  const iat = Math.floor(now.getTime() / 1000);
  const parts = [
    { alg: 'HS256', typ: 'JWT' },
    { token_type: 'refresh', iat, exp: iat + 365 * day, jti, user_id: userId },
  ];
  const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${createHmac('sha256', importSecret).update(text).digest('base64url')}`;
}

/** What a test does with one service. */
function clientOf(test: TestApp) {
  const bearer = ({ access }: SignedIn) => ({ Authorization: `Bearer ${access}` });
  const it = {
    /** At this very time: the code is asked for a minute before. */
    async signInAfter(seconds: number, phoneNumber = phone, headers: Record<string, string> = {}): Promise<HttpReply> {
      test.clock.advance(seconds - 60);
      const otp = await test.obtainOtp(phoneNumber);
      test.clock.advance(60);
      return test.post(verifyPath, { phone_number: phoneNumber, otp }, headers);
    },
    signIn: async (seconds = 61, phoneNumber = phone) => signedInBy(await it.signInAfter(seconds, phoneNumber)),
    refresh: (refresh: string) => test.post('/api/account/token/refresh/', { refresh }),
    me: (caller: SignedIn) => test.send({ method: 'GET', path: '/api/account/me/', headers: bearer(caller) }),
    rename: (caller: SignedIn, display_name: string) =>
      test.send({
        method: 'PATCH',
        path: '/api/account/me/',
        headers: { ...bearer(caller), 'Content-Type': 'application/json' },
        body: JSON.stringify({ display_name }),
      }),
    undo: (phoneNumber: string, code: string) =>
      test.post('/api/account/phone-number/undo/', { phone_number: phoneNumber, code }),
    account: (id: string) => test.dataSource.getRepository(Account).findOneBy({ id }),
    accounts: () => test.dataSource.getRepository(Account).count(),
    events: (accountId: string) =>
      test.dataSource.getRepository(AuthEvent).find({ where: { accountId }, order: { id: 'ASC' } }),
    /** As if the account had been moved from `elsewhere` an hour ago; the code that undoes it. */
    async makeUndo(accountId: string): Promise<string> {
      const codes = test.app.get(UndoCodes);
      const expiresAt = new Date(test.clock.now().getTime() + 3_600_000);
      const change = {
        ...{ id: crypto.randomUUID(), accountId, step: 1, formerNumber: elsewhere, keyId: codes.keyId, expiresAt },
      };
      await test.dataSource.getRepository(PhoneChange).insert(change);
      return codes.textOf(change)!;
    },
    /** Runs a statement after the account was read, and before it is entered. */
    betweenReadAndEntry(sql: string, values: unknown[]) {
      const otps = test.app.get(OtpService);
      const consume = otps.consume.bind(otps);
      jest.spyOn(otps, 'consume').mockImplementationOnce(async (transaction, ...guess) => {
        await transaction.execute(sql, values as string[]);
        return consume(transaction, ...guess);
      });
    },
  };
  return it;
}

describe.each(databases)('a number whose account was not used for 180 days, on $name', (database) => {
  let test: TestApp;
  let client: ReturnType<typeof clientOf>;
  beforeAll(async () => void (client = clientOf((test = await TestApp.start(database, longLived)))));
  beforeEach(() => test.reset());
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => test.stop());

  it('gets a new account', async () => {
    const former = await client.signIn();
    await client.rename(former, 'Asha');
    const reply = await client.signInAfter(180 * day);

    expect(reply.status).toBe(200);
    const holder = signedInBy(reply);
    expect(holder.new_member).toBe(true);
    expect(idOf(holder)).not.toBe(idOf(former));
    expect(claimsOf(holder)).toMatchObject({ phone_number: phone, display_name: '', new_member: true });
    expect(JSON.parse((await client.me(holder)).text)).toMatchObject({ phone_number: phone, display_name: '' });
    expect(await client.account(idOf(former))).toMatchObject({
      phoneNumber: null,
      displayName: 'Asha',
      knownClients: '{}',
      numberReleasedAt: test.clock.now(),
    });
    expect(await client.account(idOf(holder))).toMatchObject({ phoneNumber: phone, numberReleasedAt: null });
  });

  it('keeps its account a millisecond before that', async () => {
    const former = await client.signIn();
    const owner = await client.signIn(180 * day - 0.001);
    expect(owner).toMatchObject({ new_member: false });
    expect(idOf(owner)).toBe(idOf(former));
    expect((await client.refresh(former.refresh)).status).toBe(200);
  });

  it('keeps its account for 180 days from the last refresh, to the millisecond', async () => {
    for (const [seconds, newMember] of [
      [180 * day - 0.001, false],
      [180 * day, true],
    ] as const) {
      await test.reset();
      const former = await client.signIn();
      test.clock.advance(100 * day);
      expect((await client.refresh(former.refresh)).status).toBe(200);
      const next = await client.signIn(seconds);
      expect(next.new_member).toBe(newMember);
      expect(idOf(next) === idOf(former)).toBe(!newMember);
    }
  });

  it('keeps its account also if the session that was refreshed is over', async () => {
    const former = await client.signIn();
    test.clock.advance(100 * day);
    const renewed = JSON.parse((await client.refresh(former.refresh)).text) as SignedIn;
    await test.post('/api/account/token/blacklist/', { refresh: renewed.refresh });
    expect(idOf(await client.signIn(100 * day))).toBe(idOf(former));
  });

  it('ends all sessions of its former holder, and tells so in their events and in the log', async () => {
    const former = await client.signIn();
    const other = await client.signIn();
    test.logged.length = 0;
    const holder = await client.signIn(180 * day);

    for (const { refresh } of [former, other]) expect((await client.refresh(refresh)).status).toBe(401);
    expect((await client.me(holder)).status).toBe(200);
    const sessions = await test.dataSource.getRepository(Session).findBy({ accountId: idOf(former) });
    expect(sessions.map(({ revokedWhy }) => revokedWhy)).toEqual(['phone_number_recycled', 'phone_number_recycled']);
    const events = await client.events(idOf(former));
    expect(events.map(({ kind }) => kind)).toEqual([
      ...['signed_in', 'signed_in', 'session_closed', 'session_closed', 'phone_number_recycled'],
    ]);
    expect(events.at(-1)).toMatchObject({ ip: '', userAgent: '', phonePseudonym: events[0]!.phonePseudonym });
    expect((await client.events(idOf(holder))).map(({ kind }) => kind)).toEqual(['signed_in']);
    const lines = test.logged.map((line) => JSON.parse(line) as Record<string, unknown>);
    const phonePseudonym = events[0]!.phonePseudonym;
    expect(lines).toContainEqual(
      expect.objectContaining({ msg: 'phone_number_recycled', accountId: idOf(former), phone: phonePseudonym }),
    );
    expect(test.logged.join()).not.toContain(phone.slice(1));
  });

  it('replies the same to a repeat with the same Idempotency-Key', async () => {
    const former = await client.signIn();
    test.clock.advance(180 * day);
    const otp = await test.obtainOtp(phone);
    const verify = () => test.post(verifyPath, { phone_number: phone, otp }, { 'Idempotency-Key': 'recycled-1' });
    const replies = [await verify(), ...(await Promise.all([verify(), verify()]))];
    const [first, ...repeats] = replies.map(signedInBy);

    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(first!.new_member).toBe(true);
    for (const { refresh, new_member } of repeats)
      expect({ refresh, new_member }).toEqual({ refresh: first!.refresh, new_member: true });
    expect(repeats.map(idOf)).toEqual([idOf(first!), idOf(first!)]);
    expect(idOf(first!)).not.toBe(idOf(former));
    expect(await client.accounts()).toBe(2);
  });

  it('knows no device and no network of its former holder', async () => {
    const former = await client.signIn();
    const holder = await client.signIn(180 * day);
    const { knownClients } = (await client.account(idOf(holder)))!;
    const names = Object.keys(JSON.parse(knownClients) as object);
    expect(names.map((name) => name[0]).sort()).toEqual(['d', 'n']);
    expect((await client.account(idOf(former)))!.knownClients).toBe('{}');
  });

  it('has no code any more that undoes a change of its former holder', async () => {
    const former = await client.signIn();
    test.clock.advance(180 * day);
    const code = await client.makeUndo(idOf(former));
    const holder = await client.signIn(1_800);
    expect(holder.new_member).toBe(true);
    expect((await client.undo(elsewhere, code)).status).toBe(400);
    expect(await client.account(idOf(former))).toMatchObject({ phoneNumber: null });
  });

  it('is free for a sign-in again after each such time', async () => {
    const ids = new Set<string>();
    for (const seconds of [61, 180 * day, 180 * day]) ids.add(idOf(await client.signIn(seconds)));
    expect(ids.size).toBe(3);
    expect(await test.dataSource.getRepository(Account).countBy({ phoneNumber: phone })).toBe(1);
  });

  it('costs a usual sign-in no statement, and one after a long time with a refresh two', async () => {
    const former = await client.signIn();
    const statementsAfter = async (seconds: number) => {
      test.clock.advance(seconds - 60);
      const otp = await test.obtainOtp(phone);
      test.clock.advance(60);
      const execute = jest.spyOn(Transaction.prototype, 'execute');
      expect((await test.verify(phone, otp)).status).toBe(200);
      const { length } = execute.mock.calls;
      execute.mockRestore();
      return length;
    };
    expect(await statementsAfter(170 * day)).toBe(5);
    await client.refresh(former.refresh);
    test.clock.advance(100 * day);
    const latest = await client.refresh((await client.signIn()).refresh);
    expect(latest.status).toBe(200);
    test.clock.advance(100 * day);
    await client.refresh((JSON.parse(latest.text) as SignedIn).refresh);
    expect(await statementsAfter(100 * day)).toBe(7);
  });

  it('keeps its account if that is signed in to, moved or deleted since it was read', async () => {
    for (const [sql, values, newMember] of [
      ['UPDATE account SET last_login_at = ? WHERE phone_number = ?', () => [test.clock.now(), phone], false],
      ['UPDATE account SET phone_number = ? WHERE phone_number = ?', () => [elsewhere, phone], true],
      ['DELETE FROM account WHERE phone_number = ?', () => [phone], true],
    ] as const) {
      await test.reset();
      const former = await client.signIn();
      test.clock.advance(180 * day);
      client.betweenReadAndEntry(sql, values());
      expect((await client.signIn()).new_member).toBe(newMember);
      const events = await client.events(idOf(former));
      expect(events.map(({ kind }) => kind)).not.toContain('phone_number_recycled');
    }
  });

  describe('leaves an account without a number', () => {
    /** With a session that is still live, as a replica that lags behind would have it. */
    const live = async () => {
      const former = await client.signIn();
      const accountId = idOf(former);
      const numberless = { phoneNumber: null, numberReleasedAt: test.clock.now() };
      await test.dataSource.getRepository(Account).update(accountId, numberless);
      return { former, accountId };
    };

    it('that tokens of a live session do not reach', async () => {
      const { former, accountId } = await live();
      expect((await client.me(former)).status).toBe(401);
      expect((await client.rename(former, 'Juma')).status).toBe(401);
      expect((await client.refresh(former.refresh)).status).toBe(401);
      expect(await client.account(accountId)).toMatchObject({ displayName: '', phoneNumber: null });
    });

    it('that a code which undoes a change does not reach', async () => {
      const { accountId } = await live();
      const code = await client.makeUndo(accountId);
      expect((await client.undo(elsewhere, code)).status).toBe(400);
      expect(await client.account(accountId)).toMatchObject({ phoneNumber: null });
    });

    it('that a token of the former stack does not reach', async () => {
      const former = await client.signIn();
      const accountId = idOf(former);
      await test.dataSource.getRepository(Account).update(accountId, { importedUserId: '7' });
      const token = foreignToken('1', '7', test.clock.now());
      await client.signIn(180 * day);
      const before = await client.account(accountId);
      expect((await client.refresh(token)).status).toBe(401);
      expect(before).toMatchObject({ importedUserId: '7', phoneNumber: null });
      expect(await client.account(accountId)).toEqual(before);
      expect(await test.dataSource.getRepository(Session).countBy({ accountId, revokedAt: IsNull() })).toBe(0);
    });

    it('for 90 days, and deletes it then with its sessions, but for its events', async () => {
      const former = await client.signIn();
      const accountId = idOf(former);
      const holder = await client.signIn(180 * day);
      const sessions = () => test.dataSource.getRepository(Session).countBy({ accountId });
      test.clock.advance(90 * day - 0.001);
      await test.app.get(Retention).removeExpired();
      expect([await client.account(accountId), await sessions()]).toEqual([expect.anything(), 1]);
      test.clock.advance(0.001);
      await test.app.get(Retention).removeExpired();
      expect([await client.account(accountId), await sessions()]).toEqual([null, 0]);
      expect((await client.events(accountId)).at(-1)).toMatchObject({ kind: 'account_deleted', sessionId: null });
      expect(await client.account(idOf(holder))).toMatchObject({ phoneNumber: phone });
    });

    it('once, however many nodes delete at a time, and more of them than a batch has', async () => {
      const numberReleasedAt = new Date(test.clock.now().getTime() - 90 * day * 1000);
      const one = { phoneNumber: null, displayName: '', locale: '', importedUserId: null, knownClients: '{}' };
      const times = { createdAt: numberReleasedAt, lastLoginAt: numberReleasedAt, numberReleasedAt };
      const rows = Array.from({ length: 45 }, () => ({ id: crypto.randomUUID(), ...one, ...times }));
      await test.dataSource.getRepository(Account).insert(rows);
      const retention = test.app.get(Retention);
      await Promise.all([retention.removeExpired(), retention.removeExpired()]);
      expect(await client.accounts()).toBe(0);
      expect(await test.dataSource.getRepository(AuthEvent).countBy({ kind: 'account_deleted' })).toBe(45);
    });
  });

  it('has one outcome if it is refreshed and signed in to at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      await test.reset();
      const former = await client.signIn();
      test.clock.advance(180 * day);
      const otp = await test.obtainOtp(phone);
      const [refreshed, verified] = await Promise.all([client.refresh(former.refresh), test.verify(phone, otp)]);
      expect(verified.status).toBe(200);
      const { new_member } = signedInBy(verified);
      expect(refreshed.status).toBe(new_member ? 401 : 200);
      expect(idOf(signedInBy(verified)) === idOf(former)).toBe(!new_member);
    }
  });
});

describe.each(databases)('with ACCOUNT_DORMANT_POLICY=same_account, on $name', (database) => {
  let test: TestApp;
  let client: ReturnType<typeof clientOf>;
  const env = { ...longLived, ACCOUNT_DORMANT_DAYS: '30', ACCOUNT_DORMANT_POLICY: 'same_account' };
  beforeAll(async () => void (client = clientOf((test = await TestApp.start(database, env)))));
  beforeEach(() => test.reset());
  afterAll(() => test.stop());

  it('goes on with the account, without the sessions, clients and codes of its former holder', async () => {
    const former = await client.signIn();
    await client.rename(former, 'Asha');
    const before = Object.keys(JSON.parse((await client.account(idOf(former)))!.knownClients) as object);
    test.clock.advance(30 * day);
    const code = await client.makeUndo(idOf(former));
    const holder = await client.signIn(1_800);

    expect(holder.new_member).toBe(false);
    expect(idOf(holder)).toBe(idOf(former));
    expect(claimsOf(holder)).toMatchObject({ phone_number: phone, display_name: 'Asha' });
    expect((await client.refresh(former.refresh)).status).toBe(401);
    expect((await client.me(holder)).status).toBe(200);
    const after = Object.keys(JSON.parse((await client.account(idOf(former)))!.knownClients) as object);
    expect(after.filter((name) => name.startsWith('d') && before.includes(name))).toEqual([]);
    expect(after).toHaveLength(2);
    expect((await client.events(idOf(former))).map(({ kind }) => kind)).toEqual([
      ...['signed_in', 'session_closed', 'phone_number_recycled', 'signed_in'],
    ]);
    expect((await client.undo(elsewhere, code)).status).toBe(400);
    expect(await client.accounts()).toBe(1);
  });

  it('takes no token of the former stack any more that its former holder has', async () => {
    const former = await client.signIn();
    await test.dataSource.getRepository(Account).update(idOf(former), { importedUserId: '7' });
    const token = foreignToken('1', '7', test.clock.now());
    await client.signIn(30 * day);
    expect((await client.refresh(token)).status).toBe(401);
  });

  it('keeps sessions and clients a millisecond before', async () => {
    const former = await client.signIn();
    await client.signIn(30 * day - 0.001);
    expect((await client.refresh(former.refresh)).status).toBe(200);
  });
});

describe.each(databases)('with ACCOUNT_DORMANT_DAYS=0, on $name', (database) => {
  let test: TestApp;
  beforeAll(async () => void (test = await TestApp.start(database, { ...longLived, ACCOUNT_DORMANT_DAYS: '0' })));
  afterAll(() => test.stop());

  it('a number keeps its account for years', async () => {
    const client = clientOf(test);
    const former = await client.signIn();
    const owner = await client.signIn(4_000 * day);
    expect(owner.new_member).toBe(false);
    expect(idOf(owner)).toBe(idOf(former));
  });
});

/** A door that work waits at until it is opened. */
function gate() {
  let [reach, open] = [() => {}, () => {}];
  const reached = new Promise<void>((resolve) => (reach = resolve));
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { reached, open, pass: () => (reach(), opened) };
}

(mysqlUrl === undefined ? describe.skip : describe)('beside a refresh of its account, on MySQL, a sign-in', () => {
  let test: TestApp;
  let client: ReturnType<typeof clientOf>;
  beforeAll(async () => void (client = clientOf((test = await TestApp.start(mysql, longLived)))));
  beforeEach(() => test.reset());
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => test.stop());

  /** Whether a statement of this database runs; every user may see its own. */
  const isBusy = async () => {
    const running = "db = DATABASE() AND command <> 'Sleep' AND id <> CONNECTION_ID()";
    const sql = `SELECT id FROM information_schema.processlist WHERE ${running}`;
    return (await test.dataSource.query<object[]>(sql)).length > 0;
  };
  /** Until a statement still runs after many looks, as it waits for a lock, or the reply is there without one. */
  async function waitForLock(reply: Promise<HttpReply>): Promise<void> {
    let isThere = false;
    void reply.then(() => (isThere = true));
    for (let looks = 0; !isThere && looks < 100;) {
      looks = (await isBusy()) ? looks + 1 : 0;
      await setImmediate();
    }
  }

  async function formerAndCode() {
    const former = await client.signIn();
    test.clock.advance(180 * day);
    return { former, otp: await test.obtainOtp(phone) };
  }

  it('waits for one that came first, and enters the same account', async () => {
    const { former, otp } = await formerAndCode();
    const door = gate();
    const sessions = test.app.get(SessionService);
    const rotate = sessions.rotate.bind(sessions);
    jest.spyOn(sessions, 'rotate').mockImplementationOnce(async (...use) => {
      const session = await rotate(...use);
      await door.pass();
      return session;
    });
    const refreshing = client.refresh(former.refresh);
    await door.reached;
    const verifying = test.verify(phone, otp);
    await waitForLock(verifying);
    door.open();

    const [refreshed, verified] = await Promise.all([refreshing, verifying]);
    expect([refreshed.status, verified.status]).toEqual([200, 200]);
    expect(signedInBy(verified).new_member).toBe(false);
    expect(idOf(signedInBy(verified))).toBe(idOf(former));
    expect((await client.me(JSON.parse(refreshed.text) as SignedIn)).status).toBe(200);
  });

  it('that came first lets one get nothing', async () => {
    const { former, otp } = await formerAndCode();
    const door = gate();
    const sessions = test.app.get(SessionService);
    const isUsedSince = sessions.isUsedSince.bind(sessions);
    jest.spyOn(sessions, 'isUsedSince').mockImplementationOnce(async (...asked) => {
      const isUsed = await isUsedSince(...asked);
      await door.pass();
      return isUsed;
    });
    const verifying = test.verify(phone, otp);
    await door.reached;
    const refreshing = client.refresh(former.refresh);
    await waitForLock(refreshing);
    door.open();

    const [refreshed, verified] = await Promise.all([refreshing, verifying]);
    expect([refreshed.status, verified.status]).toEqual([401, 200]);
    expect(signedInBy(verified).new_member).toBe(true);
    expect(idOf(signedInBy(verified))).not.toBe(idOf(former));
  });
});
