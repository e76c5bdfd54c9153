const decimalDigit = /\p{Nd}/gu;

/** The decimal digits of every numbering system this Node knows (Unicode CLDR), each with its ASCII digit. */
const asciiDigits = new Map<string, string>(
  Intl.supportedValuesOf('numberingSystem').flatMap((numberingSystem) => {
    const format = new Intl.NumberFormat('en', { numberingSystem, useGrouping: false });
    return [...'0123456789'].map((digit): [string, string] => [format.format(Number(digit)), digit]);
  }),
);

/** Decimal digits of other scripts (fullwidth, Arabic-Indic, …) become `0` to `9`; everything else stays as it is. */
export function withAsciiDigits(text: string): string {
  return text.replace(decimalDigit, (digit) => asciiDigits.get(digit) ?? digit);
}
