import { withAsciiDigits } from './ascii-digits';

/** Unicode keeps the digits of a script together and in order, from zero on (Unicode Standard, section 4.6). */
function digitsOfAllScripts(): { digit: string; value: number }[] {
  const found: { digit: string; value: number }[] = [];
  let start = 0;
  for (let point = 0; point <= 0x10ffff; point++) {
    const digit = String.fromCodePoint(point);
    if (!/^\p{Nd}$/u.test(digit)) start = point + 1;
    else found.push({ digit, value: (point - start) % 10 });
  }
  return found;
}

describe('withAsciiDigits', () => {
  it('knows every decimal digit that this Node knows', () => {
    const digits = digitsOfAllScripts();
    expect(digits.length).toBeGreaterThan(600);
    expect(digits.filter(({ digit, value }) => withAsciiDigits(digit) !== String(value))).toEqual([]);
  });

  it.each(['', 'abc', '²', '⑥', '〇一', 'Ⅳ', '\u200e12'])('leaves %j as it is', (text) =>
    expect(withAsciiDigits(text)).toBe(text),
  );
});
