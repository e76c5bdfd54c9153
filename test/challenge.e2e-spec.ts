import { Retention } from '../src/account/retention';
import { AltchaDifficulty } from '../src/challenge/altcha-difficulty';
import { ChallengeSolution } from '../src/challenge/challenge-solution.entity';
import { Challenges } from '../src/challenge/challenges';
import type { AltchaChallengeDto } from '../src/challenge/dto/challenge.dto';
import { OtpChallenge } from '../src/otp/otp-challenge.entity';
import { SmsMessage } from '../src/sms/sms-message.entity';
import { TransactionRunner } from '../src/transaction/transaction-runner';
import { challengePath, easyChallenges, solve, written, type Payload } from './support/altcha';
import { databases, mysql, sqlite, type TestDatabase } from './support/databases';
import { mysqlUrl, secrets } from './support/environment';
import { otpSent, requestOtpPath, type HttpReply } from './support/http-client';
import { TestApp } from './support/test-app';

const required = '{"captcha_token":["This field is required."]}';
const invalid = '{"captcha_token":["Enter a valid value."]}';
const asProblem = { Accept: 'application/problem+json' };

let asked = 0;
/** Another one each time, so that no resend gap is in the way. */
const nextPhone = () => `+25567919${String(1_000 + (asked += 1)).slice(-4)}`;

const ask = (test: TestApp, captcha_token?: unknown, headers?: Record<string, string>) =>
  test.post(requestOtpPath, { phone_number: nextPhone(), captcha_token }, headers);

async function challengeOf(test: TestApp): Promise<AltchaChallengeDto> {
  const { status, text } = await test.send({ method: 'GET', path: challengePath });
  if (status !== 200) throw new Error(`no challenge: ${status} ${text}`);
  return JSON.parse(text) as AltchaChallengeDto;
}

const solved = async (test: TestApp) => solve(await challengeOf(test));
const told = ({ status, text }: HttpReply) => [status, status === 200 ? otpSent.test(text) : text];

const always = { CAPTCHA_MODE: 'always' };
const start = (database: TestDatabase, env: NodeJS.ProcessEnv = always) => TestApp.start(database, env, easyChallenges);

describe.each(databases)('challenges that are always demanded, on $name', (database) => {
  let test: TestApp;
  beforeAll(async () => void (test = await start(database)));
  beforeEach(() => test.reset());
  afterAll(() => test.stop());

  const rows = () => test.dataSource.getRepository(ChallengeSolution).find();

  it('are handed out, never from a cache', async () => {
    const reply = await test.send({ method: 'GET', path: challengePath });
    expect([reply.status, reply.headers['cache-control']]).toEqual([200, 'no-store']);
    expect(Object.keys(JSON.parse(reply.text) as object)).toEqual(['parameters', 'signature']);
    expect(JSON.parse(reply.text)).toMatchObject({
      parameters: { expiresAt: test.clock.now().getTime() / 1000 + 299.75 },
    });
  });

  it('are of another secret each time', async () => {
    const [one, other] = [await challengeOf(test), await challengeOf(test)];
    expect(one.parameters.nonce).not.toBe(other.parameters.nonce);
    expect(one.parameters.salt).not.toBe(other.parameters.salt);
  });

  it.each([
    ['none', undefined],
    ['an empty one', ''],
    ['one of white space', '  '],
  ])('refuse a request with %s, before anything is written', async (_name, token) => {
    expect(told(await ask(test, token))).toEqual([400, required]);
    expect(await test.dataSource.getRepository(OtpChallenge).count()).toBe(0);
    expect(await test.dataSource.getRepository(SmsMessage).count()).toBe(0);
  });

  it('are refusals of their own in problem details', async () => {
    expect(JSON.parse((await ask(test, undefined, asProblem)).text)).toMatchObject({
      ...{ status: 400, code: 'challenge_required', type: '/api/docs/problems/#challenge_required' },
      errors: [{ field: 'captcha_token', code: 'required', message: 'This field is required.' }],
    });
    expect(JSON.parse((await ask(test, 'x', asProblem)).text)).toMatchObject({
      ...{ status: 400, code: 'challenge_invalid', type: '/api/docs/problems/#challenge_invalid' },
      errors: [{ field: 'captcha_token', code: 'invalid', message: 'Enter a valid value.' }],
    });
  });

  it('let a request with a solution through once', async () => {
    const token = written(await solved(test));
    expect(told(await ask(test, token))).toEqual([200, true]);
    expect(told(await ask(test, token))).toEqual([400, invalid]);
    expect(await test.dataSource.getRepository(SmsMessage).count()).toBe(1);
  });

  it('let one of 20 parallel requests with one solution through', async () => {
    const token = written(await solved(test));
    const replies = await Promise.all(Array.from({ length: 20 }, () => ask(test, token)));
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(replies.filter(({ text }) => text === invalid)).toHaveLength(19);
  });

  it('know a used solution in every way to write it', async () => {
    const { challenge, solution } = await solved(test);
    const { parameters, signature } = challenge;
    expect((await ask(test, written({ challenge, solution }))).status).toBe(200);
    const reversed = Object.fromEntries(Object.entries(parameters).reverse());
    for (const other of [
      { challenge, solution: { ...solution, counter: solution.counter + 1 } },
      { solution: { ...solution, took: 5 }, challenge: { signature, parameters: reversed } },
      { challenge: { parameters: { ...parameters, more: true }, signature }, solution },
    ])
      expect(told(await ask(test, written(other)))).toEqual([400, invalid]);
  });

  it('are good for 5 minutes', async () => {
    const [one, other] = [await solved(test), await solved(test)];
    test.clock.advance(299);
    expect((await ask(test, written(one))).status).toBe(200);
    test.clock.advance(1);
    expect(told(await ask(test, written(other)))).toEqual([400, invalid]);
  });

  it.each<[string, (payload: Payload) => unknown]>([
    [
      'another end',
      ({ challenge: { parameters: p }, ...rest }) => withParameters(rest, { ...p, expiresAt: p.expiresAt + 1 }),
    ],
    ['less work', ({ challenge: { parameters: p }, ...rest }) => withParameters(rest, { ...p, cost: 1 })],
    [
      'a signature of zeros',
      ({ challenge, solution }) => ({ challenge: { ...challenge, signature: '0'.repeat(64) }, solution }),
    ],
    ['an empty signature', ({ challenge, solution }) => ({ challenge: { ...challenge, signature: '' }, solution })],
    [
      'a signature in capitals',
      ({ challenge, solution }) => ({
        challenge: { ...challenge, signature: challenge.signature.toUpperCase() },
        solution,
      }),
    ],
    ['no signature', ({ challenge: { parameters }, solution }) => ({ challenge: { parameters }, solution })],
    [
      'a key of zeros',
      ({ challenge, solution }) => ({ challenge, solution: { ...solution, derivedKey: '0'.repeat(64) } }),
    ],
    [
      'the told half of the key alone',
      ({ challenge, solution }) => ({
        challenge,
        solution: { ...solution, derivedKey: challenge.parameters.keyPrefix },
      }),
    ],
    [
      'a key in capitals',
      ({ challenge, solution }) => ({
        challenge,
        solution: { ...solution, derivedKey: `A${solution.derivedKey.slice(1)}` },
      }),
    ],
    [
      'its key hash as the key',
      ({ challenge, solution }) => ({
        challenge,
        solution: { ...solution, derivedKey: challenge.parameters.keySignature },
      }),
    ],
    ['a huge counter', ({ challenge, solution }) => ({ challenge, solution: { ...solution, counter: 1e308 } })],
    [
      'a counter over 32 bits',
      ({ challenge, solution }) => ({ challenge, solution: { ...solution, counter: 2 ** 32 } }),
    ],
    ['a negative counter', ({ challenge, solution }) => ({ challenge, solution: { ...solution, counter: -1 } })],
    ['a counter as text', ({ challenge, solution }) => ({ challenge, solution: { ...solution, counter: '5' } })],
    ['no solution', ({ challenge }) => ({ challenge })],
    ['a list', (payload) => [payload]],
    ['null', () => null],
    ['a number', () => 1e400],
    ['__proto__', ({ challenge, solution }) => ({ __proto__: { challenge }, solution })],
  ])('refuse a solution with %s', async (_name, forge) => {
    const payload = await solved(test);
    expect(told(await ask(test, written(forge(payload))))).toEqual([400, invalid]);
    // What was refused is not used up.
    expect((await ask(test, written(payload))).status).toBe(200);
  });

  it.each<[string, (token: string) => string]>([
    ['is cut short', (token) => token.slice(0, -8)],
    ['lacks its beginning', (token) => token.slice(4)],
    ['is base64url', (token) => `${token.slice(0, 8)}-_${token.slice(10)}`],
    ['is JSON', (token) => Buffer.from(token, 'base64').toString()],
    ['is base64 of base64', (token) => Buffer.from(token).toString('base64')],
    ['is broken into lines', (token) => `${token.slice(0, 76)}\n${token.slice(76)}`],
    ['is written in other letters', (token) => `${token.slice(0, 4)}é${token.slice(5)}`],
    ['nests deeply', () => Buffer.from('['.repeat(3_000)).toString('base64').slice(0, 4_096)],
  ])('refuse a token that %s', async (_name, change) => {
    expect(told(await ask(test, change(written(await solved(test)))))).toEqual([400, invalid]);
  });

  it('take at most 4,096 characters', async () => {
    expect(told(await ask(test, 'x'.repeat(4_096)))).toEqual([400, invalid]);
    expect(told(await ask(test, 'x'.repeat(4_097)))).toEqual([
      ...[400, '{"captcha_token":["Ensure this field has no more than 4096 characters."]}'],
    ]);
  });

  it('cost nothing where another field is bad', async () => {
    const token = written(await solved(test));
    expect((await test.post(requestOtpPath, { phone_number: '12', captcha_token: token })).status).toBe(400);
    expect((await ask(test, token)).status).toBe(200);
  });

  it('are used up by a request that comes too soon after another', async () => {
    const phone_number = nextPhone();
    const request = async (token: string) => test.post(requestOtpPath, { phone_number, captcha_token: token });
    await request(written(await solved(test)));
    const token = written(await solved(test));
    expect((await request(token)).status).toBe(429);
    expect(told(await ask(test, token))).toEqual([400, invalid]);
  });

  it('answer a repeated request again, with the same solution', async () => {
    const body = { phone_number: nextPhone(), captcha_token: written(await solved(test)) };
    const key = { 'Idempotency-Key': 'a-key-of-this-test' };
    const send = () => test.post(requestOtpPath, body, key);
    const replies = await Promise.all([send(), send()]);
    replies.push(await send());
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1);
  });

  it('are given back by a rollback', async () => {
    const challenges = test.app.get(Challenges);
    const transactions = test.app.get(TransactionRunner);
    const verified = await challenges.demand(written(await solved(test)));
    const spend = () => transactions.run((transaction) => challenges.spend(transaction, verified));
    const undone = transactions.run(async (transaction) => {
      expect(await challenges.spend(transaction, verified)).toBe(true);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect([await spend(), await spend()]).toEqual([true, false]);
  });

  it('are forgotten a minute after their end, when no clock of a node takes them any more', async () => {
    await ask(test, written(await solved(test)));
    test.clock.advance(300 + 59);
    await test.app.get(Retention).removeExpired();
    expect(await rows()).toHaveLength(1);
    test.clock.advance(1);
    await test.app.get(Retention).removeExpired();
    expect(await rows()).toHaveLength(0);
  });

  it('leave no token in the log and in the table', async () => {
    const payload = await solved(test);
    await ask(test, written(payload));
    await ask(test, written(payload));
    const kept = JSON.stringify(await rows()) + test.logged.join('');
    expect(kept).not.toContain(payload.solution.derivedKey);
    expect(kept).not.toContain(written(payload).slice(20, 60));
  });
});

function withParameters({ solution }: Pick<Payload, 'solution'>, parameters: object) {
  return { challenge: { parameters, signature: 'ab'.repeat(32) }, solution };
}

(mysqlUrl === undefined ? describe.skip : describe)('two nodes on one MySQL (skipped without TEST_MYSQL_URL)', () => {
  let nodes: [TestApp, TestApp];
  beforeAll(async () => {
    const url = await mysql.create();
    const shared: TestDatabase = { name: mysql.name, create: async () => url };
    const first = await start(shared);
    nodes = [first, await start(shared)];
  });
  afterAll(() => Promise.all(nodes.map((node) => node.stop())));

  it('take a solution of either, once', async () => {
    const token = written(await solved(nodes[0]));
    expect((await ask(nodes[1], token)).status).toBe(200);
    for (const node of nodes) expect(told(await ask(node, token))).toEqual([400, invalid]);
  });

  it('let one of 40 parallel requests through', async () => {
    const token = written(await solved(nodes[1]));
    const replies = await Promise.all(Array.from({ length: 40 }, (_, index) => ask(nodes[index % 2]!, token)));
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(replies.filter(({ text }) => text === invalid)).toHaveLength(39);
  });
});

describe('a new SECRET_KEY', () => {
  const newKey = 'Zs3XdC5fVgB7hNjM9kLqA1wSeD2rFtG4yHuJ6iKo';
  let url: string;
  const restart = (SECRET_KEY: string) => start({ name: 'SQLite', create: async () => url }, { ...always, SECRET_KEY });

  it('still takes what the former key signed, once, until that key leaves the ring', async () => {
    url = await sqlite.create();
    const before = await restart(secrets.SECRET_KEY);
    const payloads = await Promise.all([solved(before), solved(before), solved(before)]);
    const [used, open, late] = payloads.map(written) as [string, string, string];
    expect((await ask(before, used)).status).toBe(200);
    await before.stop();

    const both = await restart(`${newKey},${secrets.SECRET_KEY}`);
    expect(told(await ask(both, used))).toEqual([400, invalid]);
    expect((await ask(both, open)).status).toBe(200);
    expect((await ask(both, written(await solved(both)))).status).toBe(200);
    await both.stop();

    const after = await restart(newKey);
    expect(told(await ask(after, late))).toEqual([400, invalid]);
    await after.stop();
  });

  it('of another service signs nothing that this one takes', async () => {
    const [ours, theirs] = [await start(sqlite), await start(sqlite, { ...always, SECRET_KEY: newKey })];
    expect(told(await ask(ours, written(await solved(theirs))))).toEqual([400, invalid]);
    await Promise.all([ours.stop(), theirs.stop()]);
  });
});

describe('CAPTCHA_MODE', () => {
  let test: TestApp;
  afterEach(() => test.stop());
  const isDemanded = () => [false, true].map((risk) => test.app.get(Challenges).isDemanded(risk));

  it('risk, the default, demands challenges where there is risk, and else reads no token', async () => {
    test = await start(sqlite, {});
    expect(isDemanded()).toEqual([false, true]);
    expect((await ask(test)).status).toBe(200);
    expect((await ask(test, 'x')).status).toBe(200);
    expect(await test.dataSource.getRepository(ChallengeSolution).count()).toBe(0);
    await challengeOf(test);
  });

  it('off demands none and hands out none', async () => {
    test = await start(sqlite, { CAPTCHA_MODE: 'off' });
    expect(isDemanded()).toEqual([false, false]);
    expect((await ask(test)).status).toBe(200);
    const { status, text } = await test.send({ method: 'GET', path: challengePath });
    expect([status, text]).toEqual([404, '{"detail":"Not found."}']);
  });

  it('always demands them of each request for a code', async () => {
    test = await start(sqlite);
    expect(isDemanded()).toEqual([true, true]);
  });

  it('hands out as many challenges as THROTTLE_LIMIT allows', async () => {
    test = await start(sqlite, { THROTTLE_LIMIT: '2' });
    await challengeOf(test);
    await challengeOf(test);
    expect((await test.send({ method: 'GET', path: challengePath })).status).toBe(429);
  });
});

it('the usual work is solved by the code of the ALTCHA project, within its bounds', async () => {
  const test = await TestApp.start(sqlite, always);
  const payload = await solved(test);
  const { cost, leastCounter, mostCounter } = new AltchaDifficulty();
  expect(payload.challenge.parameters.cost).toBe(cost);
  expect(payload.solution.counter).toBeGreaterThanOrEqual(leastCounter);
  expect(payload.solution.counter).toBeLessThanOrEqual(mostCounter);
  expect((await ask(test, written(payload))).status).toBe(200);
  await test.stop();
});
