import { createHmac } from 'node:crypto';
import { Population, type Subject } from '../bench/population';
import { watchStatements, type SentStatement } from '../bench/statement-watch';
import { Account } from '../src/account/account.entity';
import { IdempotentReply } from '../src/account/idempotent-reply.entity';
import { SpentForeignToken } from '../src/account/spent-foreign-token.entity';
import { PhoneChange } from '../src/otp/phone-change.entity';
import { providerEnvironment, ProviderServer, receiptToken, reply, webhookSecret } from './simulator/provider-server';
import { databases, type TestDatabase } from './support/databases';
import { requestOtpPath, verifyPath, type HttpReply } from './support/http-client';
import { planner, touchesRows, type Planner } from './support/query-plan';
import { otherThan, TestApp } from './support/test-app';

const rows = 3_000;
const legacySecret = 'django-wq8LkVb5XcYf7RmHs2PdJg9UaEoi4OpNyQwB';
/** Texts of this country go to a webhook, and of this one to Africa's Talking and then to the webhook. */
const numbers = { webhook: '+27711234567', africastalking: '+254712123456' };

const provider = new ProviderServer();
beforeAll(() => provider.start());
afterAll(() => provider.stop());

const environment = (): NodeJS.ProcessEnv => ({
  SIMPLEJWT_SECRET: legacySecret,
  SMS_ROUTES: 'ZA:webhook,KE:africastalking>webhook',
  SMS_RECEIPT_TOKEN: receiptToken,
  ...providerEnvironment(provider.url).webhook,
  ...providerEnvironment(provider.url).africastalking,
});

/** As `RefreshToken.for_user` of simplejwt makes it. */
function legacyToken({ clock }: TestApp, userId: string): string {
  const iat = Math.floor(clock.now().getTime() / 1000) - 60;
  const claims = { token_type: 'refresh', exp: iat + 86_400, iat, jti: 'a'.repeat(32), user_id: userId };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', legacySecret).update(signed).digest('base64url')}`;
}

/** The other tables: a few thousand rows each, so that a scan of one is no good plan. */
async function fillOthers({ writer }: Population, { clock }: TestApp): Promise<void> {
  const at = clock.now();
  const places = Array.from({ length: rows }, (_, place) => String(place));
  const replies = places.map((place) => ({ keyHash: place.padStart(64, '0'), bodyHash: '', reply: '', createdAt: at }));
  await writer.write(IdempotentReply, replies);
  await writer.write(
    SpentForeignToken,
    places.map((jti) => ({ jti, spentAt: at, expiresAt: at })),
  );
  const changes = places.map((id) => ({ id, accountId: id, step: 1, formerNumber: '+255680000000', keyId: '' }));
  await writer.write(
    PhoneChange,
    changes.map((it) => ({ ...it, expiresAt: new Date(at.getTime() + 86_400_000) })),
  );
}

type Pair = { access: string; refresh: string };
const json = <T>({ text }: HttpReply) => JSON.parse(text) as T;
const tokenPath = (action: string) => `/api/account/token/${action}/`;
const bearer = ({ access }: Pair) => ({ Authorization: `Bearer ${access}` });

/** What people and providers do all day long. Each way makes what it needs, and resolves once it has been served. */
const ways: Record<string, (test: TestApp, member: Subject) => Promise<HttpReply>> = {
  'request-otp for a new number': (test) => test.requestOtp('+255744000001'),
  'request-otp for a member': (test, { phone }) => test.requestOtp(phone),
  async resend(test, { phone }) {
    await test.requestOtp(phone);
    test.clock.advance(61);
    return test.requestOtp(phone);
  },
  async 'request-otp, repeated with its key'(test, { phone }) {
    const headers = { 'Idempotency-Key': 'request-0001' };
    await test.post(requestOtpPath, { phone_number: phone }, headers);
    return test.post(requestOtpPath, { phone_number: phone }, headers);
  },
  async 'a wrong guess'(test, { phone }) {
    return test.verify(phone, otherThan(await test.obtainOtp(phone)));
  },
  'a guess without a code': (test) => test.verify('+255744000002', '123456'),
  async 'verify with a new account'(test) {
    return test.verify('+255744000003', await test.obtainOtp('+255744000003'));
  },
  async 'verify with a returning account'(test, { phone }) {
    return test.verify(phone, await test.obtainOtp(phone));
  },
  async 'verify, repeated with its key'(test, { phone }) {
    const body = { phone_number: phone, otp: await test.obtainOtp(phone) };
    const headers = { 'Idempotency-Key': 'verify-00001' };
    await test.post(verifyPath, body, headers);
    return test.post(verifyPath, body, headers);
  },
  async refresh(test, member) {
    const { refresh } = await signIn(test, member);
    return test.post(tokenPath('refresh'), { refresh });
  },
  async 'refresh, repeated'(test, member) {
    const { refresh } = await signIn(test, member);
    await test.post(tokenPath('refresh'), { refresh });
    return test.post(tokenPath('refresh'), { refresh });
  },
  async 'sign-out'(test, member) {
    const { refresh } = await signIn(test, member);
    return test.post(tokenPath('blacklist'), { refresh });
  },
  exchange: (test) => test.post(tokenPath('refresh'), { refresh: legacyToken(test, '17') }),
  me: (test, member) => read(test, member, 'me/'),
  'sessions list': (test, member) => read(test, member, 'sessions/'),
  'events list': (test, member) => read(test, member, 'events/'),
  async 'a receipt that names the text'(test) {
    provider.answer(reply(204));
    const { request_id } = json<{ request_id: string }>(await test.requestOtp(numbers.webhook));
    await test.textsSent();
    const body = JSON.stringify({ type: 'sms.receipt', data: { id: request_id, status: 'delivered' } });
    return test.send({ method: 'POST', path: '/api/sms/receipts/webhook/', body, headers: webhookHeaders(body) });
  },
  async 'a receipt of failure that names the provider’s id'(test) {
    const recipient = { statusCode: 101, messageId: 'ATPid_1' };
    provider.answer(reply(201, { SMSMessageData: { Message: '', Recipients: [recipient] } }), reply(204));
    await test.requestOtp(numbers.africastalking);
    await test.textsSent();
    const path = `/api/sms/receipts/africastalking/?token=${receiptToken}`;
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    return test.send({ method: 'POST', path, body: 'id=ATPid_1&status=Failed', headers });
  },
};

async function signIn(test: TestApp, { phone }: Subject): Promise<Pair> {
  return json<Pair>(await test.verify(phone, await test.obtainOtp(phone)));
}

async function read(test: TestApp, member: Subject, what: string): Promise<HttpReply> {
  const headers = bearer(await signIn(test, member));
  return test.send({ method: 'GET', path: `/api/account/${what}`, headers });
}

/** Standard Webhooks, symmetric: standardwebhooks.com. */
function webhookHeaders(body: string): Record<string, string> {
  const seconds = Math.floor(Date.now() / 1000);
  const key = Buffer.from(webhookSecret.slice('whsec_'.length), 'base64');
  const signature = createHmac('sha256', key).update(`msg_1.${seconds}.${body}`).digest('base64');
  const signed = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(seconds),
    'webhook-signature': `v1,${signature}`,
  };
  return { 'Content-Type': 'application/json', ...signed };
}

const refused = ['a wrong guess', 'a guess without a code'];

describe.each(databases)('statements on $name', (database: TestDatabase) => {
  let test: TestApp;
  let population: Population;
  let plans: Planner;
  let unwatch: () => void;
  /** By their texts, of the way that is under test. */
  const sent = new Map<string, SentStatement>();
  beforeAll(async () => {
    unwatch = watchStatements((statement) => sent.set(statement.sql, statement));
    const url = await database.create();
    test = await TestApp.start({ ...database, create: async () => url }, environment());
    population = await Population.fill(test.dataSource, url, rows, { now: test.clock.now() });
    await fillOthers(population, test);
    plans = await planner(test.dataSource, url);
  });
  afterAll(async () => {
    await plans.close();
    await population.close();
    await test.stop();
    unwatch();
  });
  beforeEach(() => sent.clear());

  it.each(Object.entries(ways))('go by a key: %s', async (name, way) => {
    const answer = await way(test, population.takeMembers(1)[0]!);
    await test.textsSent();
    const statements = [...sent.values()].filter(touchesRows);
    const scans: Record<string, string[]> = {};
    for (const statement of statements) {
      const found = await plans.scansIn(statement);
      if (found.length > 0) scans[statement.sql] = found;
    }
    expect(answer.status).toBe(refused.includes(name) ? 400 : 200);
    expect(statements.length).toBeGreaterThan(1);
    expect(scans).toEqual({});
  });

  it.each([
    ['that reads all rows', `SELECT id FROM account WHERE display_name = ?`, ['Asha']],
    ['that reads a whole index', `SELECT COUNT(id) FROM account`, []],
    ['that changes rows without a key', `UPDATE account SET locale = '' WHERE display_name = ?`, ['Asha']],
    ['that deletes rows without a key', `DELETE FROM session WHERE refresh_jti = ?`, ['a']],
  ])('are found out: one %s', async (_what, sql, values) => {
    const scans = await plans.scansIn({ sql, values });
    expect(scans).toHaveLength(1);
  });

  it('pass by what they add', async () => {
    const { tableName, columns } = test.dataSource.getMetadata(Account);
    const sql = `INSERT INTO ${tableName} (${columns.map(({ databaseName }) => databaseName).join(', ')})
      VALUES (?, ?, NULL, '', '', NULL, '{}', ?, ?)`;
    const scans = await plans.scansIn({ sql, values: ['id', '+255744000009', '2026-06-01', '2026-06-01'] });
    expect(scans).toEqual([]);
  });
});
