import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { deriveCode, isSameCode } from './otp-code';

const key = createSecretKey(randomBytes(32));
const challenge = (id: string) => ({ purpose: 'sign-in' as const, phoneNumber: '+255679190720', id });

describe('deriveCode', () => {
  it('is uniform: 100,000 codes pass a chi-square test over 1,000 classes, by their first and by their last digits', () => {
    const first = new Array<number>(1_000).fill(0);
    const last = new Array<number>(1_000).fill(0);
    // Not random, so that the test tells the same each time: ids out of a counter, under a fixed key.
    const fixed = createSecretKey(Buffer.alloc(32, 7));
    for (let number = 0; number < 100_000; number++) {
      const code = deriveCode(fixed, challenge(String(number)));
      expect(code).toMatch(/^\d{6}$/);
      first[Number(code.slice(0, 3))]! += 1;
      last[Number(code.slice(3))]! += 1;
    }
    const chiSquare = (counts: number[]) => counts.reduce((sum, count) => sum + (count - 100) ** 2 / 100, 0);
    // 999 degrees of freedom: 1,142 is exceeded by chance once in a thousand, 861 undercut as seldom.
    for (const counts of [first, last]) {
      expect(chiSquare(counts)).toBeLessThan(1_142);
      expect(chiSquare(counts)).toBeGreaterThan(861);
    }
    expect(first[0]).toBeGreaterThan(0);
    expect(first[999]).toBeGreaterThan(0);
  });

  it('reaches both ends of the range', () => {
    // Found by search; the code is a function of the key and the challenge.
    const fixed = createSecretKey(Buffer.alloc(32, 7));
    expect(deriveCode(fixed, challenge('92928'))).toBe('000000');
    expect(deriveCode(fixed, challenge('1086358'))).toBe('999999');
  });

  it('passes over a number above the even share', () => {
    // Found by search: the first four bytes of this HMAC are 4,294,000,000 or more, and the next four are not.
    expect(deriveCode(createSecretKey(Buffer.alloc(32, 7)), challenge('8695'))).toBe('890456');
  });

  it('is the same for the same challenge, and another for another purpose, number, id or key', () => {
    const id = randomUUID();
    const code = deriveCode(key, challenge(id));
    expect(deriveCode(key, challenge(id))).toBe(code);
    const others = [
      deriveCode(key, { ...challenge(id), phoneNumber: '+255679190721' }),
      deriveCode(key, { ...challenge(id), purpose: 'other' as 'sign-in' }),
      deriveCode(key, challenge(randomUUID())),
      deriveCode(createSecretKey(randomBytes(32)), challenge(id)),
    ];
    expect(others.filter((other) => other === code).length).toBeLessThan(2);
  });
});

describe('isSameCode', () => {
  it.each([
    ['123456', '123456', true],
    ['123456', '123457', false],
    ['123456', '12345', false],
    ['123456', '1234567', false],
    ['123456', '', false],
    ['123456', '12345\0', false],
    ['123456', '123456\0', false],
    ['123456', '１２３４５６', false],
    ['123456', '😀😀😀😀😀😀', false],
  ])('of %j and %j is %j', (one, other, same) => expect(isSameCode(one, other)).toBe(same));
});
