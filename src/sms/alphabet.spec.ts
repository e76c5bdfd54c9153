import { segmentsOf, sizeOf } from './alphabet';

const basic =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
const extension = '\f^{}\\[~]|€';

describe('the size of a text', () => {
  it('of the GSM alphabet knows all 127 letters and the ten that take two places', () => {
    expect([...basic].length + 1).toBe(128);
    expect(sizeOf(basic)).toMatchObject({ alphabet: 'GSM-7', segments: 1 });
    expect(sizeOf(extension)).toMatchObject({ alphabet: 'GSM-7', segments: 1 });
  });

  it.each([
    ['ASCII', 'a'.repeat(160), 'GSM-7', 1, 160],
    ['one letter more', 'a'.repeat(161), 'GSM-7', 2, 161],
    ['two full segments', 'a'.repeat(306), 'GSM-7', 2, 306],
    ['a third segment', 'a'.repeat(307), 'GSM-7', 3, 307],
    ['letters of two bytes in UTF-8', 'é'.repeat(160), 'GSM-7', 1, 320],
    ['letters of two places', '€'.repeat(80), 'GSM-7', 1, 240],
    ['one of them too many', '€'.repeat(81), 'GSM-7', 2, 243],
    ['Arabic', 'ب'.repeat(70), 'UCS-2', 1, 140],
    ['one Arabic letter more', 'ب'.repeat(71), 'UCS-2', 2, 142],
    ['a letter that looks like GSM’s', `${'a'.repeat(69)}ç`, 'UCS-2', 1, 71],
    ['a backtick', '`', 'UCS-2', 1, 1],
    ['characters of two units', '🦒'.repeat(35), 'UCS-2', 1, 140],
    ['one of those more', '🦒'.repeat(36), 'UCS-2', 2, 144],
    ['nothing', '', 'GSM-7', 1, 0],
  ] as const)('of %s', (_what, text, alphabet, segments, bytes) =>
    expect(sizeOf(text)).toEqual({ alphabet, segments, bytes }),
  );
});

describe('the segments of a text', () => {
  it.each([
    ['in the GSM alphabet', 'a'.repeat(320), [153, 153, 14]],
    ['in UCS-2', 'ب'.repeat(140), [67, 67, 6]],
    ['that would cut a letter of two places', `${'a'.repeat(152)}€${'a'.repeat(30)}`, [152, 31]],
    ['that would cut a surrogate pair', `${'ب'.repeat(66)}🦒${'ب'.repeat(9)}`, [66, 11]],
  ])('%s', (_what, text, lengths) => {
    const segments = segmentsOf(text);
    expect(segments.map(({ length }) => length)).toEqual(lengths);
    expect(segments.join('')).toBe(text);
  });
});
