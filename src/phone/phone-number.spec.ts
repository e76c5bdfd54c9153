import fc from 'fast-check';
import examples from 'libphonenumber-js/examples.mobile.json';
import { getCountries, getCountryCallingCode, getExampleNumber, type CountryCode } from 'libphonenumber-js/max';
import { PhoneNumber, type PhonePolicy } from './phone-number';

const anywhere: PhonePolicy = {};
const tanzania: PhonePolicy = { defaultRegion: 'TZ' };

/** What there is to know about a number, without its class. */
function read(text: string, policy = anywhere) {
  const number = PhoneNumber.read(text, policy);
  return number && { ...number };
}

const ours = { e164: '+255679190720', country: 'TZ', textable: true };

describe('written forms', () => {
  it.each([
    ['E.164', '+255679190720'],
    ['spaces', '+255 679 190 720'],
    ['spaces around it', '  +255679190720 '],
    ['no-break spaces', '+255\u00a0679\u00a0190\u00a0720'],
    ['dots', '+255.679.190.720'],
    ['fullwidth dots', '+255．679．190．720'],
    ['hyphen-minuses', '+255-679-190-720'],
    ['hyphens and non-breaking hyphens', '+255\u2010679\u2011190\u2010720'],
    ['figure, en and em dashes', '+255\u2012679\u2013190\u2014720'],
    ['a horizontal bar, a minus sign and a fullwidth hyphen', '+255\u2015679\u2212190\uff0d720'],
    ['slashes', '+255/679/190/720'],
    ['round brackets', '+255 (679) 190720'],
    ['the country code in brackets', '(+255) 679 190 720'],
    ['the digits of the country code in brackets', '+(255) 679 190 720'],
    ['fullwidth brackets', '（+255）679190720'],
    ['the trunk zero kept', '+255 0679 190 720'],
    ['the trunk zero kept in brackets', '+255 (0) 679 190 720'],
    ['a fullwidth plus', '＋255679190720'],
    ['fullwidth digits', '＋２５５６７９１９０７２０'],
    ['Arabic-Indic digits', '+٢٥٥٦٧٩١٩٠٧٢٠'],
    ['Eastern Arabic digits', '+۲۵۵۶۷۹۱۹۰۷۲۰'],
    ['Devanagari digits', '+२५५६७९१९०७२०'],
    ['Bengali digits', '+২৫৫৬৭৯১৯০৭২০'],
    ['digits beyond the basic plane', '+𝟐𝟓𝟓𝟔𝟕𝟗𝟏𝟗𝟎𝟕𝟐𝟎'],
    ['an isolate around it', '\u2068+255679190720\u2069'],
    ['an embedding around it', '\u202a+255679190720\u202c'],
    ['several direction marks and spaces around it', '\u200e \u202b +255 679 190 720 \u202c \u200f'],
    ['a left-to-right mark behind it', '+255679190720\u200e'],
    ['digits of several scripts', '+2٥５679190७20'],
  ])('reads a number with %s', (_form, text) => {
    expect(read(text)).toEqual(ours);
  });

  it.each([
    ['nothing', ''],
    ['a plus only', '+'],
    ['a country code only', '+255'],
    ['letters', '+255 abc'],
    ['vanity letters', '+1 800 FLOWERS'],
    ['a letter for a digit', '+25567919O72O'],
    ['a letter behind it', '+255679190720a'],
    ['tel:', 'tel:+255679190720'],
    ['an RFC 3966 extension', '+255679190720;ext=3'],
    ['an x extension', '+255679190720 x12'],
    ['an ext. extension', '+255679190720 ext. 3'],
    ['a hash extension', '+255679190720#3'],
    ['pauses to dial', '+255679190720,,3'],
    ['a zero-width space', '+255\u200b679190720'],
    ['a soft hyphen', '+255\u00ad679190720'],
    ['a word joiner', '+255\u2060679190720'],
    ['a byte order mark', '\ufeff+255679190720'],
    ['a right-to-left mark inside', '+255\u200f679190720'],
    ['direction marks only', '\u2068\u2069'],
    ['an Arabic letter mark around it', '\u061c+255679190720'],
    ['a zero-width space within direction marks', '\u2068\u200b+255679190720\u2069'],
    ['a tab', '+255\t679190720'],
    ['a newline', '+255679190720\n'],
    ['a line separator', '+255679190720\u2028'],
    ['two numbers', '+255679190720 +255679190721'],
    ['two numbers and a slash', '+255679190720/0679190721'],
    ['text before it', 'call +255679190720'],
    ['text behind it', '+255679190720 (home)'],
    ['two pluses', '++255679190720'],
    ['a plus inside', '255+679190720'],
    ['a superscript plus', '⁺255679190720'],
    ['a superscript digit', '+²55679190720'],
    ['a circled digit', '+255⑥79190720'],
    ['NUL', '+255679190720\0'],
    ['a lone surrogate', '+255679190720\ud800'],
    ['half a digit beyond the basic plane', '+25567919072\ud835'],
    ['a digit too few', '+25567919072'],
    ['a digit too many', '+2556791907200'],
    ['251 characters', `+255${' '.repeat(238)}679190720`],
    ['a thousand digits', `+255${'679190720'.repeat(111)}`],
    ['no country code', '0679190720'],
    ['a country code without its plus', '255679190720'],
    ['an international prefix for a plus', '00255679190720'],
    ['a country code that no country has', '+999679190720'],
    ['a zero before the country code', '+0255679190720'],
    // libphonenumber calls these valid, but E.164 ends at 15 digits, and so do the columns of the database.
    ['a German number of 16 digits', '+4930123456789012'],
    ['a German number of 17 digits', '+49301234567890123'],
    ['a Nigerian number of 17 digits', '+23470066783419228'],
  ])('refuses %s', (_form, text) => {
    expect(read(text)).toBeUndefined();
  });

  it('reads a German number of 15 digits', () => {
    expect(read('+49 30 1234567890 1')).toEqual({ e164: '+493012345678901', country: 'DE', textable: true });
  });
});

describe('with a default region', () => {
  it.each([
    ['with the trunk zero', '0679 190 720'],
    ['without the trunk zero', '679190720'],
    ['with the country code but no plus', '255679190720'],
    ['in E.164', '+255679190720'],
    ['in Eastern Arabic digits', '۰۶۷۹۱۹۰۷۲۰'],
  ])('reads a number of that region %s', (_form, text) => {
    expect(read(text, tanzania)).toEqual(ours);
  });

  it('reads a number of another country by its country code', () => {
    expect(read('+44 7400 123456', tanzania)).toEqual({ e164: '+447400123456', country: 'GB', textable: true });
  });

  it('refuses a number of another country without its country code', () => {
    expect(read('07400 123456', tanzania)).toBeUndefined();
  });
});

describe('with countries', () => {
  const policy: PhonePolicy = { countries: ['TZ', 'US'] };

  it.each([
    ['+255679190720', 'TZ'],
    ['+12015550123', 'US'],
  ])('reads %s of %s', (e164, country) => {
    expect(read(e164, policy)).toEqual({ e164, country, textable: true });
  });

  it.each([
    ['+254712123456', 'another country'],
    ['+15062345678', 'another country behind the same calling code'],
    ['+8823421234', 'no country'],
  ])('refuses %s of %s', (e164) => {
    expect(read(e164)).toBeDefined();
    expect(read(e164, policy)).toBeUndefined();
  });

  it('still takes a number without a country code for the default region', () => {
    expect(read('0679190720', { ...policy, defaultRegion: 'TZ' })).toEqual(ours);
    expect(read('0679190720', { countries: ['US'], defaultRegion: 'TZ' })).toBeUndefined();
  });
});

describe('text messages', () => {
  it.each([
    ['premium rate', '+19002345678', 'US'],
    ['premium rate', '+449012345678', 'GB'],
    ['international premium rate', '+979123456789', undefined],
    ['toll-free', '+18002345678', 'US'],
    ['international toll-free', '+80012345678', undefined],
    ['shared cost', '+448431234567', 'GB'],
    ['international shared cost', '+80812345678', undefined],
    ['personal', '+447012345678', 'GB'],
    ['personal', '+15002345678', 'US'],
    ['personal', '+4970012345678', 'DE'],
    ['personal', '+41878123456', 'CH'],
    ['universal personal', '+878101234567890', undefined],
    ['UAN', '+445551234567', 'GB'],
    ['UAN', '+41581234567', 'CH'],
    ['pager', '+447640123456', 'GB'],
    ['pager', '+812012345678', 'JP'],
    ['voicemail', '+491779912345678', 'DE'],
    ['voicemail', '+41860123456789', 'CH'],
    ['satellite (Inmarsat)', '+870301234567', undefined],
    ['satellite (Iridium)', '+8816312345678', undefined],
    ['satellite (Globalstar)', '+881812345678', undefined],
    ['satellite (Australia)', '+61147123456', 'AU'],
    ['satellite (Canada)', '+16002345678', 'CA'],
    ['satellite (Thuraya, maritime)', '+8823421234', undefined],
    ['international network', '+883510000000', undefined],
  ])('go to no %s number: %s', (_type, e164, country) => {
    expect(read(e164)).toEqual({ e164, country, textable: false });
  });

  it.each([
    ['mobile', '+255679190720', 'TZ'],
    ['fixed-line or mobile', '+12015550123', 'US'],
    ['fixed-line', '+442071838750', 'GB'],
    ['voice over IP', '+445612345678', 'GB'],
  ])('go to a %s number: %s', (_type, e164, country) => {
    expect(read(e164)).toEqual({ e164, country, textable: true });
  });
});

it.each([0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069])(
  'a number with the direction mark %#x around it is the number',
  (mark) => expect(read(`${String.fromCodePoint(mark)}+255679190720${String.fromCodePoint(mark)}`)).toEqual(ours),
);

describe('numbering traps', () => {
  it.each([
    ['Argentina: a mobile number as dialled at home', '+54 011 15 2345 6789', '+5491123456789', 'AR'],
    ['Argentina: the 9 of a mobile number stays', '+54 9 11 2345 6789', '+5491123456789', 'AR'],
    ['Argentina: without the 9 it is another, fixed line', '+54 11 2345 6789', '+541123456789', 'AR'],
    ['Brazil: the ninth digit stays', '+55 11 96123-4567', '+5511961234567', 'BR'],
    ['Italy: the zero of a fixed line is no trunk zero', '+39 06 1234 5678', '+390612345678', 'IT'],
    ['Italy: a mobile number has no zero', '+39 312 345 6789', '+393123456789', 'IT'],
    ['Ivory Coast: ten digits, the zero among them', '+225 01 23 45 67 89', '+2250123456789', 'CI'],
    ['+7: Russia', '+7 912 345-67-89', '+79123456789', 'RU'],
    ['+7: Kazakhstan', '+7 771 000 9998', '+77710009998', 'KZ'],
    ['+44: Guernsey', '+44 7781 123456', '+447781123456', 'GG'],
    ['+47: Svalbard', '+47 79 12 34 56', '+4779123456', 'SJ'],
    ['+1: Canada', '+1 506-234-5678', '+15062345678', 'CA'],
    ['+1: Puerto Rico', '+1 787-234-5678', '+17872345678', 'PR'],
    ['+1: Jamaica', '+1 876-210-1234', '+18762101234', 'JM'],
    ['+1: Trinidad and Tobago', '+1 868-291-1234', '+18682911234', 'TT'],
    ['+1: Barbados', '+1 246-250-1234', '+12462501234', 'BB'],
    ['Mexico: ten digits', '+52 222 123 4567', '+522221234567', 'MX'],
  ])('%s', (_trap, text, e164, country) => {
    expect(read(text)).toEqual({ e164, country, textable: true });
  });

  it.each([
    ['Brazil: a mobile number without its ninth digit', '+55 11 6123-4567'],
    ['Italy: a fixed line without its zero', '+39 6 1234 5678'],
    ['Ivory Coast: the eight digits of before 2021', '+225 01 23 45 67'],
    // One number, one key: since 2019 the 1 is dialled no more, and libphonenumber does not know it.
    ['Mexico: the 1 of mobile numbers of before 2019', '+52 1 222 123 4567'],
  ])('refuses %s', (_trap, text) => {
    expect(read(text)).toBeUndefined();
  });
});

describe('the example of every country', () => {
  /** Those whose example is in a range they share, and the country that libphonenumber names for it. */
  const main: Partial<Record<CountryCode, CountryCode>> = {
    AX: 'FI',
    BL: 'GP',
    CC: 'AU',
    CX: 'AU',
    EH: 'MA',
    IM: 'GB',
    MF: 'GP',
    SJ: 'NO',
    VA: 'IT',
  };
  const numbers = getCountries().map((country) => getExampleNumber(country, examples)!);
  const expected = numbers.map(({ number, country }) => ({
    e164: number,
    country: main[country!] ?? country,
    textable: true,
  }));

  it('is known', () => {
    expect(numbers.length).toBeGreaterThan(240);
  });

  it.each([
    ['in E.164', (international: string) => international.replaceAll(' ', '')],
    ['with spaces', (international: string) => international],
    ['with dashes', (international: string) => international.replaceAll(' ', '-')],
    ['with dots', (international: string) => international.replaceAll(' ', '.')],
    ['with its country code in brackets', (international: string) => international.replace(/^(\+\d+)/, '($1)')],
  ])('is read %s', (_form, write) => {
    expect(numbers.map((number) => read(write(number.formatInternational())))).toEqual(expected);
  });

  it('is read in its national form where its region is the default', () => {
    const found = numbers.map((number) => read(number.formatNational(), { defaultRegion: number.country })?.e164);
    expect(found).toEqual(numbers.map(({ number }) => number));
  });
});

describe('any string', () => {
  const digits = (minLength: number, maxLength: number) =>
    fc.array(fc.integer({ min: 0, max: 9 }), { minLength, maxLength }).map((all) => all.join(''));
  const callingCode = fc.constantFrom(...getCountries().map((country) => getCountryCallingCode(country)), '870', '883');
  const numberLike = fc.tuple(callingCode, digits(3, 16)).map(([code, rest]) => `+${code}${rest}`);
  const anything = fc.oneof(
    { weight: 3, arbitrary: numberLike },
    { weight: 1, arbitrary: digits(4, 14) },
    { weight: 1, arbitrary: fc.string({ unit: fc.constantFrom(...'+0123456789 -.()/x;٣৩３\u200b\0\ud800') }) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 300 }) },
  );
  const region = fc.option(fc.constantFrom(...getCountries()), { nil: undefined });

  it('is refused, or is `+` and at most 15 digits that read as themselves', () => {
    fc.assert(
      fc.property(anything, region, (text, defaultRegion) => {
        const number = read(text, { defaultRegion });
        if (number === undefined) return;
        expect(number.e164).toMatch(/^\+[1-9]\d{5,14}$/);
        expect(read(number.e164)).toEqual(number);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('the kinds of lines that texts are sent to', () => {
  it.each([
    ['mobile', '+255679190720', ['mobile'], true],
    ['fixed', '+255222110000', ['mobile'], false],
    ['fixed', '+255222110000', ['mobile', 'fixed_line'], true],
    ['fixed or mobile', '+12015550123', ['mobile'], false],
    ['fixed or mobile', '+12015550123', ['fixed_line_or_mobile'], true],
    ['toll-free', '+255800110011', ['mobile', 'fixed_line', 'fixed_line_or_mobile', 'voip'], false],
    ['of satellites', '+61147123456', ['mobile'], false],
  ] as const)('decide about a number that is %s: %s with %j', (_what, e164, lineTypes, textable) => {
    expect(PhoneNumber.read(e164, { lineTypes })).toMatchObject({ e164, textable });
  });
});
