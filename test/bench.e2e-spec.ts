import type { Subject } from '../bench/population';
import { leastOf, swapFor, type Recording } from '../bench/replay';
import { watchStatements, type SentStatement } from '../bench/statement-watch';
import { databases } from './support/databases';
import { TestApp } from './support/test-app';

const subjectOf = (sign: string): Subject => ({
  phone: `+2557440000${sign.repeat(2)}`,
  accountId: `0190a000-0000-7000-8000-${sign.repeat(12)}`,
  sessionId: `0190a001-0000-7000-8000-${sign.repeat(12)}`,
  jti: sign.repeat(32),
  challengeId: `0190a002-0000-4000-8000-${sign.repeat(12)}`,
});

const sent = (sql: string): SentStatement => ({ sql, values: [], prepared: true });

describe('a recorded request', () => {
  const [recorded, other] = [subjectOf('1'), subjectOf('2')];

  it('names the other subject wherever it named its own', () => {
    const swap = swapFor({ ...recorded }, other);
    const swapped = Object.values(recorded).map((value: string) => swap(value));
    expect(swapped).toEqual(Object.values(other));
  });

  it.each([
    ['UUID of time', '0190a003-0000-7000-8000-000000000003', /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f-]{17}$/],
    ['random UUID', '0190a003-0000-4000-8000-000000000003', /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f-]{17}$/],
    ['hash of 128 bits', '3'.repeat(32), /^[0-9a-f]{32}$/],
    ['hash of 256 bits', '3'.repeat(64), /^[0-9a-f]{64}$/],
  ])('has a fresh %s, the same one for the same one', (_what, value, form) => {
    const swap = swapFor(recorded, other);
    const [first, again, elsewhere] = [swap(value), swap(value), swapFor(recorded, other)(value)];
    expect(first).toMatch(form);
    expect(first).not.toBe(value);
    expect(again).toBe(first);
    expect(elsewhere).not.toBe(first);
  });

  it('keeps all other values', () => {
    const values = ['sign-in', '', 'a1b2c3d4e5f60718', 5, null, new Date(0)];
    const swapped = values.map(swapFor(recorded, other));
    expect(swapped).toEqual(values);
  });

  it('is a verify at least by its begin, a write of the code, the account and the session, and its commit', () => {
    const begin = sent('START TRANSACTION');
    const writes = ['UPDATE otp_challenge SET', 'UPDATE `account` SET', 'INSERT INTO session ('].map(sent);
    const others = ['SELECT id FROM account', 'INSERT INTO auth_event ('].map(sent);
    const statements = [begin, ...writes, ...others, sent('COMMIT')];
    const recording: Recording = { subject: recorded, statements, bytes: 0 };
    const least = leastOf(recording).statements;
    expect(least).toEqual([begin, ...writes, sent('COMMIT')]);
  });
});

describe.each(databases)('statements that are watched on $name', (database) => {
  const told: SentStatement[] = [];
  let unwatch: () => void;
  let test: TestApp;
  beforeAll(async () => {
    unwatch = watchStatements((statement) => told.push(statement));
    test = await TestApp.start(database);
  });
  afterAll(() => test.stop());

  it('are told with their values and what they affected, until the watching ends', async () => {
    await test.obtainOtp('+255744000001');
    unwatch();
    const count = told.length;
    await test.obtainOtp('+255744000002');
    const made = told.find(({ sql, affected }) => sql.includes('otp_challenge') && affected === 1);
    expect(told).toHaveLength(count);
    expect(told.some(({ sql }) => sql === 'COMMIT')).toBe(true);
    expect(made?.prepared).toBe(true);
    expect(made?.values).toContain('+255744000001');
  });
});
