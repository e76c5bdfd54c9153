import { guessesLeft, isFull, laneOf, lanesOf, outstanding, parseLanes, type GuessingClient } from './lanes';

const stranger: GuessingClient = { networks: ['n1'], isNetworkKnown: false };
const lanes = lanesOf({ format: 'numeric', others: 3 }, 5, 'n0');

describe('lanesOf', () => {
  it('gives the network that asked its own guesses, and all others together what the budget leaves', () =>
    expect(lanes).toEqual({ others: 3, known: 2, n0: 5 }));
  it('gives a code of a session one lane', () =>
    expect(lanesOf({ format: 'numeric', others: 0 }, 5)).toEqual({ others: 5, known: 0 }));
});

describe('laneOf', () => {
  it.each<[string, GuessingClient, object]>([
    ['a stranger', stranger, { name: 'others', begins: 'never' }],
    ['the network that asked', { ...stranger, networks: ['n0'] }, { name: 'n0', begins: 'never' }],
    ['that network under an older key', { ...stranger, networks: ['n9', 'n0'] }, { name: 'n0', begins: 'never' }],
    ['a known network', { ...stranger, isNetworkKnown: true }, { name: 'n1', begins: 'known' }],
    ['a known network that asked', { networks: ['n0'], isNetworkKnown: true }, { name: 'n0', begins: 'never' }],
    ['a known device', { ...stranger, device: 'd1' }, { name: 'd1', begins: 'free' }],
    ['a known device in the network that asked', { ...stranger, networks: ['n0'], device: 'd1' }, { name: 'd1' }],
    ['a client without a network', { networks: [], isNetworkKnown: false }, { name: 'others' }],
  ])('of %s', (_name, client, lane) => expect(laneOf(lanes, client)).toMatchObject(lane));

  it('puts a third known network to all others, and keeps those that have begun', () => {
    const begun = { ...lanes, known: 0, n1: 4, n2: 5 };
    const known = { ...stranger, isNetworkKnown: true };
    expect(laneOf(begun, { ...known, networks: ['n3'] })).toEqual({ name: 'others', begins: 'never' });
    expect(laneOf(begun, known)).toEqual({ name: 'n1', begins: 'never' });
  });

  it('leaves a network in its own lane when that is used up', () =>
    expect(laneOf({ ...lanes, n0: 0 }, { networks: ['n0'], isNetworkKnown: true }).name).toBe('n0'));
});

describe('guessesLeft', () => {
  it.each([
    ['what a lane has left', 'others', 'never', 3],
    ['nothing in a lane that is used up, though it could begin', 'd0', 'free', 0],
    ['as many as a device begins with', 'd1', 'free', 5],
    ['as many as a known network begins with', 'n1', 'known', 5],
    ['nothing where no lane begins', 'n1', 'never', 0],
  ] as const)('is %s', (_name, name, begins, left) =>
    expect(guessesLeft({ ...lanes, d0: 0 }, { name, begins }, 5)).toBe(left),
  );
});

describe('outstanding', () => {
  it('is the sum of all guesses left, without the count of known networks', () => expect(outstanding(lanes)).toBe(8));
});

describe('isFull', () => {
  it('leaves room in the column for ten devices and two known networks', () => {
    const names = (kind: string, count: number) =>
      Array.from({ length: count }, (_, index) => [`${kind}${String(index).padStart(12, '0')}`, 5] as const);
    const almost = { ...lanes, ...Object.fromEntries(names('n', 20)) };
    expect([isFull(almost), isFull({ ...almost, n9: 5 })]).toEqual([false, true]);
    const most = { ...almost, ...Object.fromEntries([...names('d', 10), ...names('m', 3)]) };
    // MariaDB writes a space after each colon and comma.
    expect(JSON.stringify(most, null, 1).replaceAll('\n ', ' ').length).toBeLessThan(1_000);
    expect(parseLanes(JSON.stringify(most))).toEqual(most);
  });
});
