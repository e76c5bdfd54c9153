import { languageOf } from './language';

const tanzania = '+255679190720';
const france = '+33612345678';
const germany = '+4915112345678';

describe('the language of a text', () => {
  it.each([
    ['asked for', { locale: 'fr', acceptLanguage: 'pt' }, tanzania, 'fr'],
    ['asked for with a region', { locale: 'SW-tz' }, france, 'sw'],
    ['asked for with an underscore', { locale: 'pt_BR' }, tanzania, 'pt'],
    ['asked for as POSIX has it', { locale: 'fr_FR.UTF-8@euro' }, tanzania, 'fr'],
    ['of the browser, where none is asked for', { acceptLanguage: 'pt-BR,pt;q=0.9,en;q=0.8' }, tanzania, 'pt'],
    [
      'of the browser, where there are no words in the one asked for',
      { locale: 'de', acceptLanguage: 'ar' },
      tanzania,
      'ar',
    ],
    ['that the browser likes best', { acceptLanguage: 'de,en;q=0.3,fr;q=0.7' }, tanzania, 'fr'],
    ['that the browser does not rule out', { acceptLanguage: 'en;q=0, fr;q=0.1' }, tanzania, 'fr'],
    ['of the country, where the browser takes any', { acceptLanguage: '*' }, tanzania, 'sw'],
    ['of the country, where the browser knows none of ours', { acceptLanguage: 'de,*;q=0.5' }, france, 'fr'],
    ['of the country, where the header is no header', { acceptLanguage: ';;,=q' }, tanzania, 'sw'],
    ['of the browser, written with an underscore', { acceptLanguage: 'fr_CA;q=0.9' }, tanzania, 'fr'],
    ...['i-default', 'x-klingon', 'zh-Hant-TW-x-private', '-', '🦒', '\u202esw', ' sw ', 'sw🦒', 'e'.repeat(7_000)].map(
      (odd) => ['of the country, where the one asked for is odd', { locale: odd }, tanzania, 'sw'] as const,
    ),
    ...['🦒', ';q=1', 'en;q=x', '-', ',,,', 'x'.repeat(16_000), 'a-'.repeat(8_000), '\u00ff;'.repeat(4_000)].map(
      (odd) => ['of the country, where the header is odd', { acceptLanguage: odd }, tanzania, 'sw'] as const,
    ),
    ['of the country, where nothing is said', {}, tanzania, 'sw'],
    ['of the country, where an account has none', { locale: '' }, tanzania, 'sw'],
    ['that a name of JavaScript is not', { locale: 'constructor' }, tanzania, 'sw'],
    ['of the settings, where there are no words in the country’s', {}, germany, 'en'],
    ['of the settings, for a number of no country', {}, '+882165123456', 'en'],
  ] as const)('is the one %s', (_which, wish, phoneNumber, language) =>
    expect(languageOf(wish, phoneNumber, 'en')).toBe(language),
  );

  it.each([
    ['+255679190720', 'sw'],
    ['+254712345678', 'sw'],
    ['+256712345678', 'sw'],
    ['+243812345678', 'fr'],
    ['+221701234567', 'fr'],
    ['+22370123456', 'fr'],
    ['+25779123456', 'fr'],
    ['+2250123456789', 'fr'],
    ['+201001234567', 'ar'],
    ['+212612345678', 'ar'],
    ['+258821234567', 'pt'],
    ['+244923123456', 'pt'],
    ['+5511961234567', 'pt'],
    ['+2348021234567', 'en'],
    ['+447400123456', 'en'],
  ])('of %s is %s', (phoneNumber, language) => expect(languageOf({}, phoneNumber, 'en')).toBe(language));
});
