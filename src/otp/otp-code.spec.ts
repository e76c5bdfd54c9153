import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { deriveCode, isSameCode, readCode } from './otp-code';

const key = createSecretKey(randomBytes(32));
const challenge = (id: string, format: 'numeric' | 'alphanumeric' = 'numeric') => ({
  ...{ purpose: 'sign-in' as const, phoneNumber: '+255679190720' },
  ...{ id, format },
});

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

describe('an alphanumeric code', () => {
  const alphabet = '23456789BCDFGHJKLMNPQRSTVWXZ';

  it('is uniform: at each of its six places 100,000 codes pass a chi-square test over 28 characters, and over all pairs', () => {
    const fixed = createSecretKey(Buffer.alloc(32, 7));
    const places = Array.from({ length: 6 }, () => new Array<number>(28).fill(0));
    const pairs = new Array<number>(28 * 28).fill(0);
    for (let number = 0; number < 100_000; number++) {
      const code = deriveCode(fixed, challenge(String(number), 'alphanumeric'));
      const digits = [...code].map((letter) => alphabet.indexOf(letter));
      if (digits.includes(-1) || digits.length !== 6) throw new Error(`no such code: ${code}`);
      digits.forEach((digit, place) => (places[place]![digit]! += 1));
      pairs[digits[0]! * 28 + digits[5]!]! += 1;
    }
    const chiSquare = (counts: number[]) => {
      const expected = 100_000 / counts.length;
      return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    };
    // 27 degrees of freedom: 55.5 is exceeded by chance once in a thousand, 9.8 undercut as seldom; 783: 911 and 665.
    for (const counts of places) {
      expect(chiSquare(counts)).toBeLessThan(55.5);
      expect(chiSquare(counts)).toBeGreaterThan(9.8);
    }
    expect(chiSquare(pairs)).toBeLessThan(911);
    expect(chiSquare(pairs)).toBeGreaterThan(665);
  });

  it('is no numeric code written otherwise: the format is part of what it is derived from', () => {
    const id = randomUUID();
    const codes = [deriveCode(key, challenge(id)), deriveCode(key, challenge(id, 'alphanumeric'))];
    const [numeric, alphanumeric] = codes.map((code, index) =>
      [...code].reduce((sum, letter) => sum * [10, 28][index]! + ['0123456789', alphabet][index]!.indexOf(letter), 0),
    );
    expect(alphanumeric! % 1_000_000).not.toBe(numeric);
  });
});

describe('readCode', () => {
  it.each([
    ['small letters', 'bcd234', 'alphanumeric', 'BCD234'],
    ['what looks like Q', 'Oo0BCD', 'alphanumeric', 'QQQBCD'],
    ['what looks like L', 'Ii1BCD', 'alphanumeric', 'LLLBCD'],
    ['a small L as it is', 'lLBCD2', 'alphanumeric', 'LLBCD2'],
    ['digits of other scripts', '٢٣４५BC', 'alphanumeric', '2345BC'],
    ['a zero of another script', '٠١BCDF', 'alphanumeric', 'QLBCDF'],
    ['digits of other scripts in a numeric code', '٠１२345', 'numeric', '012345'],
    ['letters in a numeric code as they are', 'OI0123', 'numeric', 'OI0123'],
  ] as const)('reads %s', (_name, typed, format, read) => expect(readCode(typed, format)).toBe(read));

  it.each(['ßBCDF2', 'ﬁBCDF2', 'ŉBCDF2'])('makes no code of %s, whose capitals are two letters', (typed) =>
    expect(isSameCode('SSBCDF', readCode(typed, 'alphanumeric'))).toBe(false),
  );
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
