import { Budgets } from '../src/limit/budgets';
import { BudgetWindow } from '../src/limit/budget-window.entity';
import type { Finding } from '../src/limit/finding';
import type { Subject } from '../src/limit/subject';
import { Prices } from '../src/limit/prices';
import { TransactionRunner } from '../src/transaction/transaction-runner';
import { databases, mysql, type TestDatabase } from './support/databases';
import { mysqlUrl } from './support/environment';
import { TestApp } from './support/test-app';

const started: TestApp[] = [];
const stopAll = () => Promise.all(started.splice(0).map((test) => test.stop()));

async function start(database: TestDatabase, env: NodeJS.ProcessEnv): Promise<TestApp> {
  const test = await TestApp.start(database, env);
  started.push(test);
  return test;
}

const subject = (at: number, more: Partial<Subject> = {}): Subject => ({
  phoneNumber: `+255679${String(at).padStart(6, '0')}`,
  country: 'TZ',
  network: '203.0.113.8',
  isKnownDevice: false,
  ...more,
});

const spend = (test: TestApp, at: number, more?: Partial<Subject>): Promise<Finding[]> =>
  test.app.get(TransactionRunner).run((transaction) => test.app.get(Budgets).spend(transaction, subject(at, more)));

const check = (test: TestApp, more?: Partial<Subject>): Promise<Finding[]> =>
  test.app.get(TransactionRunner).run((transaction) => test.app.get(Budgets).check(transaction, subject(0, more)));

const passes = (findings: Finding[]) => findings.every(({ verdict }) => verdict === 'pass');

async function taken(test: TestApp, times: number, more?: Partial<Subject>): Promise<number> {
  let done = 0;
  for (let at = 0; at < times; at++) if (passes(await spend(test, at, more))) done += 1;
  return done;
}

describe.each(databases)('budgets of 24 hours on $name', (database) => {
  afterEach(stopAll);

  it('are none by default, and nothing is counted', async () => {
    const test = await start(database, {});
    expect(await spend(test, 1)).toEqual([]);
    expect(await test.dataSource.getRepository(BudgetWindow).count()).toBe(0);
  });

  it('end at four fifths, and at their end for known devices', async () => {
    const test = await start(database, { SMS_DAILY_TEXTS: '10' });
    expect(await taken(test, 12)).toBe(8);
    expect(await check(test)).toMatchObject([{ rule: 'daily_texts', count: 8, limit: 8, verdict: 'refuse' }]);
    expect(await taken(test, 12, { isKnownDevice: true })).toBe(2);
    expect(await check(test, { isKnownDevice: true })).toMatchObject([{ count: 10, limit: 10, verdict: 'refuse' }]);
  });

  it('come back by the hour, when the hour is a day old, also after a restart', async () => {
    const url = await database.create();
    const env = { DATABASE_URL: url, SMS_DAILY_TEXTS: '5' };
    const test = await start(database, env);
    expect(await taken(test, 3)).toBe(3);
    test.clock.advance(3_600);
    expect(await taken(test, 3)).toBe(1);
    // At a quarter of a second past the hour.
    expect(await check(test)).toMatchObject([{ count: 4, verdict: 'refuse', retryAfterSeconds: 86_400 }]);
    const again = await start(database, env);
    again.clock.advance(3_600);
    expect(await taken(again, 1)).toBe(0);
    again.clock.advance(86_399);
    expect(await taken(again, 1)).toBe(0);
    again.clock.advance(1);
    expect(await taken(again, 9)).toBe(3);
    await again.app.get(TransactionRunner).run((transaction) => again.app.get(Budgets).removeExpired(transaction));
    const hours = (await again.dataSource.getRepository(BudgetWindow).find()).filter(
      ({ hourNumber }) => hourNumber > 0,
    );
    expect(hours.reduce((sum, { amount }) => sum + Number(amount), 0)).toBe(4);
  });

  it('are for each country beside that for all, and a refused text is taken from none', async () => {
    const test = await start(database, { SMS_DAILY_TEXTS: '10,TZ:5' });
    expect(await taken(test, 9)).toBe(4);
    expect(await check(test)).toMatchObject([
      { count: 4, limit: 8, verdict: 'pass' },
      { count: 4, limit: 4, verdict: 'refuse' },
    ]);
    expect(await taken(test, 9, { country: 'KE' })).toBe(4);
    expect(await taken(test, 9, { country: undefined })).toBe(0);
  });

  it('are of money by the dearest transport of the route', async () => {
    const test = await start(database, {
      SMS_TRANSPORT: 'file,console',
      SMS_PRICES: 'TZ:0.02,TZ/console:0.05,*:0.3',
      SMS_DAILY_MONEY: '1',
    });
    expect(await taken(test, 20)).toBe(16);
    expect(await check(test)).toMatchObject([{ rule: 'daily_money', count: 800_000, limit: 800_000 }]);
    expect(await taken(test, 1, { country: 'KE', isKnownDevice: true })).toBe(0);
  });

  it('are given back by a transaction that rolls back', async () => {
    const test = await start(database, { SMS_DAILY_TEXTS: '10' });
    const failed = test.app.get(TransactionRunner).run(async (transaction) => {
      await test.app.get(Budgets).spend(transaction, subject(1));
      throw new Error('undone');
    });
    await expect(failed).rejects.toThrow('undone');
    expect(await check(test)).toMatchObject([{ count: 0 }]);
  });

  it('hold exactly while many requests spend at a time', async () => {
    const test = await start(database, { SMS_DAILY_TEXTS: '50,TZ:25' });
    const done = await Promise.all(Array.from({ length: 60 }, (_, at) => spend(test, at)));
    expect(done.filter(passes)).toHaveLength(20);
  });
});

(mysqlUrl === undefined ? describe.skip : describe)('two nodes on one MySQL', () => {
  afterEach(stopAll);

  it('spend one budget, exactly, in the first requests of an hour', async () => {
    const env = { DATABASE_URL: await mysql.create(), SMS_DAILY_TEXTS: '25' };
    const nodes = [await start(mysql, env), await start(mysql, env)];
    const done = await Promise.all(Array.from({ length: 60 }, (_, at) => spend(nodes[at % 2]!, at)));
    expect(done.filter(passes)).toHaveLength(20);
  });

  it('wait near the end of a budget for those who have spent and not yet committed', async () => {
    const env = { DATABASE_URL: await mysql.create(), SMS_DAILY_TEXTS: '500' };
    const [one, other] = [await start(mysql, env), await start(mysql, env)];
    await spend(one, 1);
    let near: Promise<Finding[]> | undefined;
    await one.app.get(TransactionRunner).run(async (transaction) => {
      // For a known device the end is far.
      await one.app.get(Budgets).spend(transaction, subject(2, { isKnownDevice: true }));
      near = spend(other, 3);
      // Time enough for the other one to read, if it did not wait.
      for (let time = 0; time < 100; time++) await transaction.execute('SELECT 1', []);
    });
    expect(await near).toMatchObject([{ count: 2, limit: 400, verdict: 'pass' }]);
  });

  it('do not wait for each other while the budget is far from its end', async () => {
    const env = { DATABASE_URL: await mysql.create(), SMS_DAILY_TEXTS: '5000' };
    const [one, other] = [await start(mysql, env), await start(mysql, env)];
    await one.app.get(TransactionRunner).run(async (transaction) => {
      await one.app.get(Budgets).spend(transaction, subject(1));
      // Another number of another shard: within this transaction it would wait for its own end.
      expect(passes(await spend(other, 2))).toBe(true);
    });
    expect(await check(one)).toMatchObject([{ count: 2 }]);
  });
});

describe('the price of a text', () => {
  const prices = new Map([
    ['TZ', 0.02],
    ['TZ/twilio', 0.05],
    ['*/sns', 0.09],
    ['*', 0.06],
  ]);
  const routes = new Map([
    ['TZ', ['beem']],
    ['KE', ['twilio', 'sns']],
    ['*', ['twilio']],
  ]);

  it.each([
    ['TZ', 20_000],
    ['KE', 90_000],
    ['UG', 60_000],
    [undefined, 60_000],
  ])('to %s is %i millionths', (country, price) =>
    expect(new Prices(prices, routes).millionthsOf(country)).toBe(price),
  );
});
