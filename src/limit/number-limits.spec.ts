import { noHistory, parseHistory, pruned, type NumberHistory } from './number-history';
import { NumberLimits, type TextRequest } from './number-limits';

const settings = {
  ...{ maxAttempts: 5, resendSeconds: 60, textsPerHour: 5, textsPerDay: 10, deviceTextsPerDay: 5 },
  ...{ wrongPerDay: 10, wrongPerMonth: 30 },
};
const limits = new NumberLimits(settings);
const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000];
const now = Date.UTC(2026, 5, 1, 12);

const sent = (...ago: number[]): NumberHistory => ({ ...noHistory, texts: ago.map((it) => now - it) });
const own = (...ago: number[]): NumberHistory => ({ ...noHistory, ownTexts: ago.map((it) => now - it) });
const every = (span: number, count: number) => Array.from({ length: count }, (_, index) => (count - index) * span);
const request = (more: Partial<TextRequest> = {}): TextRequest => ({
  at: now,
  standing: 'unknown',
  solved: false,
  ...more,
});
const findings = (history: NumberHistory, more?: Partial<TextRequest>) =>
  limits.findingsOf(history, request(more)).map(({ verdict, retryAfterSeconds }) => [verdict, retryAfterSeconds]);
const pass = ['pass', undefined];

describe('the gap', () => {
  it.each([
    ['after no text', sent(), {}, pass],
    ['59 s after the first', sent(59 * second), {}, ['refuse', 1]],
    ['60 s after the first', sent(60 * second), {}, pass],
    ['119 s after the second', sent(hour, 119 * second), {}, ['refuse', 1]],
    ['120 s after the second', sent(hour, 120 * second), {}, pass],
    ['299 s after the third', sent(3 * hour, 2 * hour, 299 * second), {}, ['refuse', 1]],
    ['300 s after the third', sent(3 * hour, 2 * hour, 300 * second), {}, pass],
    [
      '60 s after the third, if a code was used since the second',
      sent(3 * hour, 2 * hour, minute),
      { usedAt: now - hour },
      pass,
    ],
    ['after a text of a known device', own(59 * second), {}, ['refuse', 1]],
    ['after a text from a clock that is an hour ahead', sent(-hour), {}, ['refuse', 60]],
    [
      'of a known network without a live code',
      sent(3 * hour, 2 * hour, minute),
      { standing: 'network', isLive: false },
      pass,
    ],
    [
      'of a known network with a live code',
      sent(3 * hour, 2 * hour, minute),
      { standing: 'network', isLive: true },
      ['refuse', 240],
    ],
    ['of a stranger without a live code', sent(3 * hour, 2 * hour, minute), { isLive: false }, ['refuse', 240]],
  ] as const)('%s', (_name, history, more, expected) => expect(findings(history, more)[0]).toEqual(expected));
});

describe('texts of an hour', () => {
  it.each([
    ['four', sent(...every(10 * minute, 4)), pass],
    ['five', sent(...every(10 * minute, 5)), ['refuse', 10 * 60]],
    ['five of which one is an hour old', sent(hour, ...every(10 * minute, 4)), pass],
    ['seven', sent(...every(5 * minute, 7)), ['refuse', 35 * 60]],
    ['five for known devices', own(...every(10 * minute, 5)), pass],
  ])('are %s', (_name, history, expected) => expect(findings(history)[1]).toEqual(expected));

  it('are not counted for a tester, nor where the limit is 0', () => {
    const flooded = sent(...every(5 * minute, 12));
    expect(findings(flooded, { unsent: true }).slice(1)).toEqual([pass, pass]);
    const off = new NumberLimits({ ...settings, textsPerHour: 0, textsPerDay: 0 });
    expect(off.poolOf(flooded, request())).toBe('texts');
  });
});

describe('texts of a day', () => {
  it.each([
    ['nine', sent(...every(2 * hour, 9)), pass],
    [
      'ten, the last one 59 minutes ago',
      sent(...every(2 * hour, 9).map((it) => it - hour + 59 * minute), 59 * minute),
      ['refuse', 60],
    ],
    ['ten, the last one an hour ago', sent(...every(2 * hour, 10).map((it) => it - hour)), ['challenge', undefined]],
    ['ten, the first one a day ago', sent(day, ...every(2 * hour, 9)), pass],
  ])('are %s', (_name, history, expected) => expect(findings(history)[2]).toEqual(expected));
});

describe('poolOf', () => {
  const hourly = sent(...every(10 * minute, 5));
  const daily = sent(...every(2 * hour, 10));
  it.each([
    ['a stranger', noHistory, {}, 'texts'],
    ['a known device, as long as there are texts for all', noHistory, { standing: 'device' }, 'texts'],
    ['a stranger after the texts of the hour, even with a challenge', hourly, { solved: true }, undefined],
    ['a known device after them', hourly, { standing: 'device' }, 'ownTexts'],
    ['a known network after them', hourly, { standing: 'network' }, 'ownTexts'],
    ['a stranger after the texts of the day', daily, {}, undefined],
    ['a stranger with a challenge after them', daily, { solved: true }, 'texts'],
    [
      'a known network after three of its own',
      { ...hourly, ...pick(own(...every(hour, 3))) },
      { standing: 'network' },
      undefined,
    ],
    ['a known device after four', { ...hourly, ...pick(own(...every(hour, 4))) }, { standing: 'device' }, 'ownTexts'],
    ['a known device after five', { ...hourly, ...pick(own(...every(hour, 5))) }, { standing: 'device' }, undefined],
    [
      'a known device after five, one of yesterday',
      { ...hourly, ...pick(own(day, ...every(hour, 4))) },
      { standing: 'device' },
      'ownTexts',
    ],
  ] as const)('of %s', (_name, history, more, pool) => expect(limits.poolOf(history, request(more))).toBe(pool));
});

function pick({ ownTexts }: NumberHistory) {
  return { ownTexts };
}

describe('budgetOf', () => {
  const wrong = (...tallies: [number, number][]) => ({
    ...noHistory,
    wrong: tallies.map(([ago, count]) => [now - ago, count] as const),
  });
  it.each([
    ['no wrong guess', wrong(), 0, { format: 'numeric', others: 5 }],
    ['two', wrong([hour, 2]), 0, { format: 'numeric', others: 3 }],
    ['five', wrong([hour, 5]), 0, { format: 'numeric', others: 0 }],
    ['six', wrong([hour, 5], [minute, 1]), 0, { format: 'alphanumeric', others: 5 }],
    ['ten of which five are a day old', wrong([day, 5], [hour, 5]), 0, { format: 'numeric', others: 0 }],
    ['five that another code may still take', wrong(), 5, { format: 'numeric', others: 0 }],
    ['one, and five that another code may take', wrong([hour, 1]), 5, { format: 'alphanumeric', others: 5 }],
    ['11 in 30 days', wrong([2 * day, 11]), 0, { format: 'numeric', others: 0 }],
    ['12 in 30 days', wrong([29 * day, 12]), 0, { format: 'alphanumeric', others: 5 }],
    ['12, all 30 days old', wrong([30 * day, 12]), 0, { format: 'numeric', others: 5 }],
  ] as const)('after %s', (_name, history, outstanding, budget) =>
    expect(limits.budgetOf(history, outstanding, now)).toEqual(budget),
  );

  it('gives all others together 80 guesses a day at alphanumeric codes', () => {
    const used = (count: number, ago = hour) => ({ ...noHistory, others: [[now - ago, count]] as const });
    expect([70, 78, 80, 81].map((count) => limits.alphanumericBudget(used(count), now).others)).toEqual([5, 2, 0, 0]);
    expect(limits.alphanumericBudget(used(80, day), now).others).toBe(5);
  });

  it('gives 16 further networks a day guesses of their own', () => {
    const used = (count: number, ago = hour) => ({ ...noHistory, further: [[now - ago, count]] as const });
    expect([75, 76, 80].map((count) => limits.hasFurtherLane(used(count), now))).toEqual([true, false, false]);
    expect(limits.hasFurtherLane(used(80, day), now)).toBe(true);
  });
});

describe('a history', () => {
  it('keeps what a limit can count, and nothing else', () => {
    const old = { texts: [now - day, now - day + 1], ownTexts: [now - day], usedAt: now - day };
    const wrong = [
      [now - 30 * day, 1],
      [now - 30 * day + 1, 2],
    ] as const;
    const shared = {
      others: [[now - day, 5]] as const,
      further: [
        [now - day, 5],
        [now, 5],
      ] as const,
    };
    const kept = { texts: [now - day + 1], ownTexts: [], wrong: wrong.slice(1), others: [], further: [[now, 5]] };
    expect(pruned({ ...old, wrong, ...shared }, now)).toEqual(kept);
    expect(pruned({ ...noHistory, usedAt: now - 1 }, now)).toEqual({ ...noHistory, usedAt: now - 1 });
  });

  it('of a version that counted less is read', () =>
    expect(parseHistory('{"texts":[1]}')).toEqual({ ...noHistory, texts: [1] }));
});
