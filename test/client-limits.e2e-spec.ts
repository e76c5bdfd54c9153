import { Redis } from 'ioredis';
import { countedNetwork } from '../src/client/client-info';
import { ClientLimits } from '../src/limit/client-limits';
import { Counts } from '../src/limit/counts';
import type { Finding } from '../src/limit/finding';
import { MemoryCounts } from '../src/limit/memory-counts';
import { mostByChance } from '../src/limit/spray-alarm';
import type { Subject } from '../src/limit/subject';
import { bucketAt } from '../src/limit/tally';
import { REDIS } from '../src/redis/redis.module';
import { sqlite } from './support/databases';
import { redisUrl } from './support/environment';
import { FakeClock } from './support/fake-clock';
import { TestApp } from './support/test-app';

/** A database of Redis that only these tests use. */
const ownRedisUrl = redisUrl && new URL('/6', redisUrl).href;

/** The defaults, which tests of other things do without. */
const usual = { ADDRESS_TEXTS: '', ADDRESS_WRONG_CODES: '', ALARM_SPRAY: '', ALARM_TOLL: '' };

const started: TestApp[] = [];
const stopAll = () => Promise.all(started.splice(0).map((test) => test.stop()));

async function start(env: NodeJS.ProcessEnv): Promise<TestApp> {
  const test = await TestApp.start(sqlite, { ...usual, ...env });
  started.push(test);
  const redis = test.app.get<Redis | undefined>(REDIS);
  if (redis && redis.status !== 'ready') await new Promise((resolve) => redis.once('ready', resolve));
  return test;
}

async function emptyRedis(): Promise<void> {
  if (ownRedisUrl === undefined) return;
  const redis = new Redis(ownRedisUrl);
  await redis.flushdb();
  await redis.quit();
}

const limitsOf = (test: TestApp) => test.app.get(ClientLimits);

const subject = (more: Partial<Subject> = {}): Subject => ({
  phoneNumber: '+255679190720',
  country: 'TZ',
  network: '203.0.113.8',
  isKnownDevice: false,
  ...more,
});
/** Far enough from each other to be no neighbours, all with one prefix. */
const stranger = (at: number, prefix = '+255679') => `${prefix}${String((at * 1_009) % 1_000_000).padStart(6, '0')}`;

const of = (findings: Finding[], rule: string) => findings.find((finding) => finding.rule === rule);
const verdicts = (findings: Finding[]) =>
  Object.fromEntries(findings.flatMap(({ rule, verdict }) => (verdict === 'pass' ? [] : [[rule, verdict]])));

async function guess(limits: ClientLimits, times: number, right: boolean, more: Partial<Subject> = {}): Promise<void> {
  await Promise.all(Array.from({ length: times }, () => limits.verified(subject(more), { right })));
}

/** Asks for so many texts at different numbers and from different addresses. */
async function ask(
  limits: ClientLimits,
  times: number,
  { from = 0, prefix = '+255679', ...more }: Partial<Subject> & { from?: number; prefix?: string } = {},
): Promise<void> {
  for (let at = from; at < from + times; at++) {
    const network = `198.51.${at >> 8}.${at & 255}`;
    await limits.asked(subject({ phoneNumber: stranger(at, prefix), network, ...more }));
  }
}

const said = (test: TestApp, what: string) =>
  test.logged.filter((line) => line.includes(`"msg":"${what}"`)).map((line) => JSON.parse(line) as object);

const stores = [
  { where: 'in memory', env: {} },
  ...(ownRedisUrl === undefined ? [] : [{ where: 'in Redis', env: { REDIS_URL: ownRedisUrl } }]),
];

describe.each(stores)('limits counted $where', ({ env }) => {
  let test: TestApp;
  let limits: ClientLimits;

  beforeAll(async () => {
    test = await start(env);
    limits = limitsOf(test);
  });
  beforeEach(async () => {
    await emptyRedis();
    test.clock.advance(3 * 86_400);
    // Alarms of an earlier test are found cleared.
    await limits.check(subject());
    test.logged.length = 0;
  });
  afterAll(stopAll);

  describe('wrong codes of an address', () => {
    const wrongCodes = async (more?: Partial<Subject>) =>
      of(await limits.checkGuess(subject(more)), 'address_wrong_codes');

    it('are refused from the 21st in an hour on, and taken again when the hour is over', async () => {
      await guess(limits, 19, false);
      expect(await wrongCodes()).toMatchObject({ count: 19, limit: 20, verdict: 'pass' });
      await guess(limits, 1, false);
      // A bucket is a minute, and counts until all of it is an hour old.
      const retryAfterSeconds = 3_660;
      expect(await wrongCodes()).toMatchObject({ count: 20, limit: 20, verdict: 'refuse', retryAfterSeconds });
      test.clock.advance(3_600);
      expect(await wrongCodes()).toMatchObject({ count: 20, verdict: 'refuse', retryAfterSeconds: 60 });
      test.clock.advance(60);
      expect(await wrongCodes()).toMatchObject({ count: 0, verdict: 'pass' });
    });

    it('leave the window one by one, not all together', async () => {
      await guess(limits, 10, false);
      test.clock.advance(1_800);
      await guess(limits, 10, false);
      expect(await wrongCodes()).toMatchObject({ verdict: 'refuse', retryAfterSeconds: 1_860 });
      test.clock.advance(1_860);
      expect(await wrongCodes()).toMatchObject({ count: 10, verdict: 'pass' });
    });

    it('may be half of the right ones, if that is more', async () => {
      await guess(limits, 50, true);
      await guess(limits, 24, false);
      expect(await wrongCodes()).toMatchObject({ count: 24, limit: 25, verdict: 'pass' });
      await guess(limits, 1, false);
      expect(await wrongCodes()).toMatchObject({ count: 25, limit: 25, verdict: 'refuse' });
    });

    it('say nothing to a known device nor to another address', async () => {
      await guess(limits, 30, false);
      expect(await wrongCodes({ isKnownDevice: true })).toMatchObject({ count: 30, verdict: 'pass' });
      expect(await wrongCodes({ network: '203.0.113.9' })).toMatchObject({ count: 0, verdict: 'pass' });
      expect(await wrongCodes()).toMatchObject({ verdict: 'refuse' });
    });
  });

  describe('texts of an address that no sign-in follows', () => {
    const texts = async (more?: Partial<Subject>) => of(await limits.check(subject(more)), 'address_texts');
    const askFromHere = (times: number) => ask(limits, times, { network: subject().network });

    it('are refused from the 11th in an hour on, and taken again when the hour is over', async () => {
      await askFromHere(9);
      expect(await texts()).toMatchObject({ count: 9, limit: 10, verdict: 'pass' });
      await askFromHere(1);
      expect(await texts()).toMatchObject({ count: 10, limit: 10, verdict: 'refuse', retryAfterSeconds: 3_660 });
      expect(await texts({ isKnownDevice: true })).toMatchObject({ verdict: 'pass' });
      expect(await texts({ network: '203.0.113.9' })).toMatchObject({ count: 0, verdict: 'pass' });
      test.clock.advance(3_660);
      expect(await texts()).toMatchObject({ count: 0, verdict: 'pass' });
    });

    it('do not count once a sign-in follows, from wherever it comes', async () => {
      await askFromHere(10);
      const issuedAt = test.clock.now();
      test.clock.advance(200);
      const elsewhere = subject({ network: '192.0.2.1' });
      await limits.verified(elsewhere, { right: true, issuedAt, askedFrom: subject().network });
      expect(await texts()).toMatchObject({ count: 9, verdict: 'pass' });
    });

    it('may be half of those of 24 hours that were followed, if that is more', async () => {
      for (let time = 0; time < 24; time++) {
        await askFromHere(1);
        await guess(limits, 1, true);
      }
      test.clock.advance(86_000);
      await askFromHere(11);
      expect(await texts()).toMatchObject({ count: 11, limit: 12, verdict: 'pass' });
      await askFromHere(1);
      expect(await texts()).toMatchObject({ count: 12, limit: 12, verdict: 'refuse' });
    });
  });

  describe('the alarm about spraying', () => {
    const spray = async (more?: Partial<Subject>) => of(await limits.check(subject(more)), 'spray');
    const guesses = (right: number, wrong: number) =>
      guess(limits, right, true).then(() => guess(limits, wrong, false));

    it('is raised by 200 verifies in 5 minutes of which 20 % fail, and not by fewer', async () => {
      await guesses(160, 39);
      expect(await spray()).toMatchObject({ verdict: 'pass' });
      expect(await limits.isRaised()).toBe(false);
      await guess(limits, 1, false);
      expect(await spray()).toMatchObject({ count: 40, limit: 40, verdict: 'challenge' });
      expect(await limits.isRaised()).toBe(true);
      expect(await spray({ isKnownDevice: true })).toMatchObject({ verdict: 'pass' });
    });

    it('is not raised while fewer than 20 % fail', async () => {
      await guesses(201, 50);
      expect(await limits.isRaised()).toBe(false);
    });

    it('is not raised by what is spread over more than 5 minutes', async () => {
      await guesses(80, 20);
      test.clock.advance(310);
      await guesses(80, 20);
      expect(await limits.isRaised()).toBe(false);
    });

    it('stays for 15 minutes after its cause, and says when it is raised and cleared', async () => {
      await guesses(160, 40);
      test.clock.advance(900);
      expect(await spray()).toMatchObject({ verdict: 'challenge' });
      test.clock.advance(15);
      expect(await spray()).toMatchObject({ verdict: 'pass' });
      expect(said(test, 'alarm raised')).toMatchObject([{ rule: 'spray', count: 40, limit: 40, outcome: 'enforce' }]);
      expect(said(test, 'alarm cleared')).toMatchObject([{ rule: 'spray', count: 0 }]);
    });

    it('is raised by 1,000 failures in a day if they are more than 8 % and chance', async () => {
      const before = Math.floor(1_000 / 0.09);
      // Slowly: no 5 minutes have 200 verifies.
      for (let done = 0; done < before; done += 100) {
        await guesses(91, 9);
        test.clock.advance(500);
      }
      expect(await limits.isRaised()).toBe(false);
      await guess(limits, 60, false);
      expect(await limits.isRaised()).toBe(true);
    });
  });

  describe('the alarm about toll fraud', () => {
    const check = async (more?: Partial<Subject>) => verdicts(await limits.check(subject(more)));
    /** Signs in, by the texts of this moment, at numbers `from` on. */
    async function signIn(times: number, { from = 0, prefix = '+255679', afterSeconds = 0 } = {}): Promise<void> {
      const issuedAt = test.clock.now();
      test.clock.advance(afterSeconds);
      for (let at = from; at < from + times; at++) {
        const more = { phoneNumber: stranger(at, prefix), network: `198.51.${at >> 8}.${at & 255}` };
        await limits.verified(subject(more), { right: true, issuedAt });
      }
    }

    it('demands a challenge if 35 % or fewer of 50 texts are followed', async () => {
      await ask(limits, 49);
      await signIn(17);
      test.clock.advance(180);
      expect(await check()).toEqual({});
      await ask(limits, 1, { from: 49 });
      test.clock.advance(180);
      expect(await check()).toEqual({ toll_country: 'challenge', toll_prefix: 'challenge' });
      expect(await check({ isKnownDevice: true })).toEqual({});
      // Another prefix of the same country.
      expect(await check({ phoneNumber: '+255754000001' })).toEqual({ toll_country: 'challenge' });
      expect(await check({ phoneNumber: '+254712000001', country: 'KE' })).toEqual({});
      expect(said(test, 'alarm raised')).toMatchObject([
        { rule: 'toll_country', count: 17, limit: 18, place: 'TZ' },
        { rule: 'toll_prefix', count: 17, limit: 18, place: 'TZ:+255679' },
      ]);
    });

    it('demands none if more are followed', async () => {
      await ask(limits, 50);
      await signIn(18);
      test.clock.advance(180);
      expect(await check()).toEqual({});
    });

    it('judges no text before it is 2 minutes old', async () => {
      await ask(limits, 50);
      test.clock.advance(119);
      expect(await check()).toEqual({});
      test.clock.advance(61);
      expect(await check()).toEqual({ toll_country: 'challenge', toll_prefix: 'challenge' });
      test.clock.advance(3_600);
      expect(await check()).toEqual({});
    });

    it.each([
      [900, {}],
      [901, { toll_country: 'challenge', toll_prefix: 'challenge' }],
    ])('counts a sign-in %i s after its text for that text, or no longer', async (afterSeconds, expected) => {
      await ask(limits, 50);
      await signIn(50, { afterSeconds });
      expect(await check()).toEqual(expected);
    });

    it('stops a prefix for an hour if under 10 % of 100 texts are followed', async () => {
      await ask(limits, 100);
      await signIn(10);
      test.clock.advance(180);
      expect(await check()).toEqual({ toll_country: 'challenge', toll_prefix: 'challenge' });
      await ask(limits, 1, { from: 100 });
      test.clock.advance(180);
      const findings = await limits.check(subject());
      expect(of(findings, 'toll_stop')).toMatchObject({
        count: 10,
        limit: 11,
        verdict: 'refuse',
        retryAfterSeconds: 3_600,
      });
      expect(await check({ isKnownDevice: true })).toEqual({});
      expect(await check({ phoneNumber: '+255754000001' })).toEqual({ toll_country: 'challenge' });

      await limits.refused(subject(), findings);
      test.clock.advance(1_800);
      await limits.refused(subject(), await limits.check(subject()));
      test.clock.advance(1_700);
      expect(await check()).toEqual({ toll_stop: 'refuse' });
      test.clock.advance(160);
      expect(await check()).toEqual({});
    });

    it('demands a challenge for neighbours of 20 numbers without a sign-in among them', async () => {
      const neighbour = (at: number) => `+255679190${String(at).padStart(3, '0')}`;
      const askAt = (at: number) => limits.asked(subject({ phoneNumber: neighbour(at), network: `198.51.100.${at}` }));
      for (let at = 0; at < 19; at++) await askAt(at);
      // The same number once more is no neighbour.
      await askAt(0);
      expect(await check()).toEqual({});
      await askAt(19);
      expect(await check()).toEqual({ toll_neighbours: 'challenge' });
      expect(await check({ phoneNumber: '+255679191720' })).toEqual({});
      await limits.verified(subject({ phoneNumber: neighbour(3) }), { right: true, issuedAt: test.clock.now() });
      expect(await check()).toEqual({});
      test.clock.advance(300);
      for (let at = 0; at < 20; at++) await askAt(at + 20);
      test.clock.advance(310);
      expect(await check()).toEqual({ toll_neighbours: 'challenge' });
      test.clock.advance(300);
      expect(await check()).toEqual({});
    });
  });

  it('logs who was refused by which rule, without a phone number or whole address', async () => {
    await guess(limits, 20, false);
    await limits.refused(subject(), await limits.checkGuess(subject()));
    const lines = said(test, 'limit reached');
    expect(lines).toMatchObject([
      { rule: 'address_wrong_codes', count: 20, limit: 20, outcome: 'refuse', network: '203.0.113.0' },
    ]);
    expect(lines).toMatchObject([{ phone: expect.stringMatching(/^[0-9a-f]{32}$/) as string }]);
    expect(test.logged.join()).not.toMatch(/679190720|203\.0\.113\.8/);
  });

  it('counts nothing when it is only asked', async () => {
    for (let time = 0; time < 30; time++) await Promise.all([limits.check(subject()), limits.checkGuess(subject())]);
    const findings = [...(await limits.check(subject())), ...(await limits.checkGuess(subject()))];
    expect(findings.map(({ count }) => count)).toEqual(findings.map(() => 0));
  });
});

describe('honest load', () => {
  afterAll(stopAll);

  it('of 60,000 sign-ins with 8 % wrong codes behind 50 addresses reaches no limit and raises no alarm', async () => {
    const test = await start({});
    const limits = limitsOf(test);
    const bad: Finding[] = [];
    for (let at = 0; at < 60_000; at++) {
      const phoneNumber = `+2556${String((at * 7_919) % 100_000_000).padStart(8, '0')}`;
      const client = subject({ phoneNumber, network: `203.0.113.${at % 50}` });
      const findings = [...(await limits.check(client)), ...(await limits.checkGuess(client))];
      bad.push(...findings.filter(({ verdict }) => verdict !== 'pass'));
      await limits.asked(client);
      // Two of 25 guesses are wrong, and come early.
      if (at % 23 < 2) await limits.verified(client, { right: false });
      await limits.verified(client, { right: true, issuedAt: test.clock.now() });
      test.clock.advance(86_400 / 60_000);
    }
    expect(bad).toEqual([]);
    expect(said(test, 'alarm raised')).toEqual([]);
  }, 120_000);

  it('has more than 8 % wrong codes of a day by chance, but not more than four deviations', () => {
    expect(Math.floor(mostByChance(60_000, 8))).toBe(5_065);
    expect(Math.floor(mostByChance(10_000, 8))).toBe(908);
  });
});

describe('what the operator decides', () => {
  afterEach(stopAll);

  const lists = {
    DENIED_PREFIXES: '+25567123,+2547',
    ALLOWED_PREFIXES: '+25567',
    DENIED_NETWORKS: '203.0.113.0/24,2001:db8:1::/48',
    ALLOWED_NETWORKS: '198.51.100.0/24',
  };

  it.each([
    ['a number with a denied prefix', { phoneNumber: '+254712000001' }, { denied_prefix: 'refuse' }],
    ['one that is allowed, too', { phoneNumber: '+255671230001' }, { denied_prefix: 'refuse' }],
    [
      'a known device at such a number',
      { phoneNumber: '+254712000001', isKnownDevice: true },
      { denied_prefix: 'refuse' },
    ],
    ['a client of a denied network', { network: '203.0.113.8' }, { denied_network: 'refuse' }],
    ['a client of a denied network of IPv6', { network: '2001:db8:1:2::' }, { denied_network: 'refuse' }],
    ['a client of another network of IPv6', { network: '2001:db8:2:2::' }, {}],
    ['a client without an address', { network: '' }, {}],
  ])('refuses, or not, %s', async (_what, more, expected) => {
    const limits = limitsOf(await start(lists));
    const client = subject({ network: '192.0.2.1', ...more });
    expect(verdicts(await limits.check(client))).toEqual(expected);
    expect(verdicts(await limits.checkGuess(client))).toEqual(expected);
  });

  it.each([
    ['an allowed prefix', { phoneNumber: '+255679190720', network: '192.0.2.1' }, {}],
    ['an allowed network', { phoneNumber: '+255754000001', network: '198.51.100.7' }, {}],
    ['no list', { phoneNumber: '+255754000001', network: '192.0.2.1' }, { address_wrong_codes: 'refuse' }],
  ])('lets a client on %s pass the limit of its address, or not', async (_what, more, expected) => {
    const limits = limitsOf(await start(lists));
    await guess(limits, 20, false, more);
    expect(verdicts(await limits.checkGuess(subject(more)))).toEqual(expected);
  });

  it('sends texts to fixed lines, or not', async () => {
    const fixedLine = '+255222110000';
    expect((await (await start({})).requestOtp(fixedLine)).status).toBe(200);
    expect((await (await start({ SMS_LINE_TYPES: 'mobile' })).requestOtp(fixedLine)).status).toBe(400);
  });

  it.each(['record', 'off'])('acts upon no alarm that is set to %s', async (mode) => {
    const test = await start({ ALARM_SPRAY: mode, ALARM_TOLL: mode, ADDRESS_TEXTS: '0', ADDRESS_WRONG_CODES: '0' });
    const limits = limitsOf(test);
    await guess(limits, 200, false);
    await ask(limits, 100);
    test.clock.advance(180);
    expect(verdicts(await limits.check(subject()))).toEqual({});
    expect(verdicts(await limits.checkGuess(subject()))).toEqual({});
    expect(await limits.isRaised()).toBe(false);
    const raised = said(test, 'alarm raised').map((line) => (line as Finding).rule);
    const expected = mode === 'off' ? [] : ['spray', 'toll_country', 'toll_prefix', 'toll_stop'];
    expect(raised.sort()).toEqual(expected);
  });
});

describe('counters in memory', () => {
  it('are only so many, and forget what was not used for the longest time', async () => {
    const clock = new FakeClock();
    const counts = new MemoryCounts(clock, 100);
    const counter = (at: number) => ({ key: `wrong:${at}`, windowSeconds: 3_600 });
    for (let at = 0; at < 1_000; at++) {
      await counts.add([
        { counter: counter(at), at: clock.now() },
        { counter: { key: 'verifies', windowSeconds: 300 }, at: clock.now() },
      ]);
    }
    expect(counts.size).toBe(100);
    const [old, young, all] = await counts.read([counter(0), counter(999), { key: 'verifies', windowSeconds: 300 }]);
    expect([old.sum, young.sum, all.sum]).toEqual([0, 1, 1_000]);
  });

  it('keep no bucket that has left its window', async () => {
    const clock = new FakeClock();
    const counts = new MemoryCounts(clock);
    const counter = { key: 'verifies', windowSeconds: 300 };
    for (let time = 0; time < 500; time++) {
      await counts.add([{ counter, at: clock.now() }]);
      clock.advance(5);
    }
    expect(counts.bucketsOf(counter).size).toBe(61);
    await counts.add([{ counter, at: new Date(clock.now().getTime() - 400_000) }]);
    expect([...counts.bucketsOf(counter).keys()][0]).toBeGreaterThan(bucketAt(counter, clock.now()) - 62);
    const unseen = { key: 'failures', windowSeconds: 300 };
    await counts.add([{ counter: unseen, at: new Date(clock.now().getTime() - 400_000) }]);
    expect(counts.size).toBe(1);
  });
});

(ownRedisUrl === undefined ? describe.skip : describe)('counters in Redis', () => {
  const env = { REDIS_URL: ownRedisUrl };
  beforeEach(emptyRedis);
  afterEach(stopAll);

  const wrongCodes = async (test: TestApp) =>
    of(await limitsOf(test).checkGuess(subject()), 'address_wrong_codes')?.count;

  it('are shared by all nodes, and so are alarms', async () => {
    const [one, other] = [await start(env), await start(env)];
    await guess(limitsOf(one), 100, false);
    expect(await wrongCodes(other)).toBe(100);
    await guess(limitsOf(other), 100, false);
    expect(await limitsOf(one).isRaised()).toBe(true);
  });

  it('hold on each node by its own count when Redis is emptied', async () => {
    const [one, other] = [await start(env), await start(env)];
    await guess(limitsOf(one), 20, false);
    await emptyRedis();
    expect([await wrongCodes(one), await wrongCodes(other)]).toEqual([20, 0]);
    one.clock.advance(60);
    other.clock.advance(60);
    await guess(limitsOf(other), 3, false);
    expect([await wrongCodes(one), await wrongCodes(other)]).toEqual([23, 3]);
  });

  it('are counted by the node alone while Redis is away, in the log once, and shared again afterwards', async () => {
    const [one, other] = [await start(env), await start(env)];
    await guess(limitsOf(one), 5, false);
    const redis = one.app.get<Redis>(REDIS);
    // A busy machine may have lost a command already.
    one.logged.length = 0;
    const ended = new Promise((resolve) => redis.once('end', resolve));
    redis.disconnect();
    await ended;
    await guess(limitsOf(one), 15, false);
    expect(await wrongCodes(one)).toBe(20);
    expect(verdicts(await limitsOf(one).checkGuess(subject()))).toEqual({ address_wrong_codes: 'refuse' });
    expect(said(one, 'Redis is out of reach')).toHaveLength(1);
    await redis.connect();
    await guess(limitsOf(one), 1, false);
    expect([await wrongCodes(one), await wrongCodes(other)]).toEqual([21, 6]);
    expect(said(one, 'Redis is back')).toHaveLength(1);
  });

  it('have an end each, and hold no phone number', async () => {
    const test = await start(env);
    await limitsOf(test).asked(subject());
    await limitsOf(test).verified(subject(), { right: false });
    await limitsOf(test).verified(subject(), { right: true });
    const redis = test.app.get<Redis>(REDIS);
    const keys = await redis.keys('*');
    expect(keys.length).toBeGreaterThan(10);
    for (const key of keys) {
      expect(key).toMatch(/^hodi:limit:/);
      expect(key).not.toContain('679190');
      expect(await redis.ttl(key)).toBeGreaterThan(0);
    }
  });

  it('are read by an instance of their own', async () => {
    const test = await start(env);
    expect(test.app.get(Counts)).not.toBeInstanceOf(MemoryCounts);
  });
});

describe('what a client is counted by', () => {
  it.each([
    ['203.0.113.8', '203.0.113.8'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::'],
    ['2001:db8:1:2::', '2001:db8:1:2::'],
    ['', ''],
  ])('is, for %j, %j', (address, network) => expect(countedNetwork(address)).toBe(network));
});
