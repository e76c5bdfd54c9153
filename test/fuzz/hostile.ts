import fc from 'fast-check';

const repeated = (text: string, length: number) => text.repeat(Math.ceil(length / text.length));
const nested = (open: string, close: string, depth: number) =>
  repeated(open, depth * open.length) + repeated(close, depth);

/** Lengths around those that the service goes by: 8 KiB of a body, 64 KiB of a receipt. */
const lengths = fc.constantFrom(1, 40, 500, 8_000, 8_193, 30_000);

/** Texts that stand where another text should. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    ...['', ' ', '\0', 'a\0b', '\ud800', '\udfff', '\ufeff', '\u202e', '\u2068+255679190720\u2069', '１２３４５６'],
    ...['٠١٢٣٤٥', 'true', 'null', 'NaN', '-0', '1e999', '9'.repeat(400), '__proto__', 'constructor', 'toString'],
    ...[
      "' OR 1=1 -- ",
      "', phone_number=0x31 WHERE 1=1 #",
      '\\',
      '\\u0000',
      '${7*7}',
      '{{7*7}}',
      '%00',
      '../../etc/passwd',
    ],
    ...['<script>alert(1)</script>', 'javascript:alert(1)', '\r\nX-Injected: 1', '😀'.repeat(30), '+'.repeat(200)],
  ),
  fc
    .tuple(fc.constantFrom('a', ' ', '9', '+', '\\', '"', '\u00e9'), lengths)
    .map(([unit, length]) => unit.repeat(length)),
);

/** Anything that JSON can hold. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  hostileText,
  fc.jsonValue({ stringUnit: 'binary', maxDepth: 3 }),
  fc.constantFrom<unknown>(
    ...[{ toString: 1 }, { toString: 1, valueOf: 1 }, { length: 6, 0: '1' }, { $gt: '' }, { $ne: null }],
    ...[[], [[]], ['a'], [{ toString: 1 }], null, true, false, 0, -1, 1.5, 1e300],
  ),
);

const deep = fc.constantFrom(10, 1_000, 4_000, 15_000);

/** Texts that are nearly JSON, or are it and cost the reader much. */
export const hostileJson: fc.Arbitrary<string> = fc.oneof(
  deep.map((depth) => `{"a":1,"x":${nested('[1,', ']', depth).replace(',]', ']')}}`),
  deep.map((depth) => `{"a":1,"otp":${nested('[', ']', depth)}}`),
  deep.map((depth) => nested('[', ']', depth)),
  deep.map((depth) => '{"a":'.repeat(depth)),
  lengths.map((length) => `{${Array.from({ length: length / 8 }, (_, index) => `"${index}":1`).join()}}`),
  lengths.map((length) => `{"otp":${'9'.repeat(length)},"otp":"1","otp":1.0}`),
  lengths.map((length) => `{"otp":"${'\\ud83d'.repeat(length / 6)}"}`),
  lengths.map((length) => repeated('x,', length)),
  lengths.map((length) => `${'\n'.repeat(length)}x`),
  fc.constantFrom(
    ...['{}', '[]', 'null', 'true', '1', '"a"', '{', '}', '[', '{"a"', '{"a":}', '{"a":1,}', "{'a':1}", '\ufeff{}'],
    ...['{"__proto__":{"otp":"1"}}', '{"__proto__":1}', '{"constructor":{"prototype":{"otp":"1"}}}', '//x\n{}', '{}{}'],
    ...[
      '{"otp":"\\ud800"}',
      '{"otp":"\\u0000"}',
      '{"otp":"\n"}',
      '{"otp":"\\x"}',
      '{"otp":01}',
      '{"otp":1.}',
      '{"otp":-}',
    ],
  ),
  fc
    .array(fc.constantFrom(...'{}[]":,\\=&1 \n', '"otp"', '"phone_number"', 'null', '\\u'), { maxLength: 40 })
    .map((it) => it.join('')),
);

/** What may stand in a header's value (RFC 9110 section 5.5), and Node's client sends. */
export const headerText: fc.Arbitrary<string> = fc.oneof(
  fc.string({
    unit: fc
      .integer({ min: 0x20, max: 0xff })
      .filter((code) => code !== 0x7f)
      .map((code) => String.fromCharCode(code)),
  }),
  fc.constantFrom('', '*/*', 'null', 'x'.repeat(300), 'x'.repeat(5_000), 'a,b,,c', ';q=', '"', '%00', '\t', 'Ã©'),
);

/** Tokens that are none, or none of ours. */
export const forgedToken: fc.Arbitrary<string> = fc.oneof(
  headerText,
  fc.constantFrom(
    ...[
      '..',
      'a.b.c',
      'e30.e30.e30',
      `eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJ1c2VyX2lkIjoiMSJ9.`,
      'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9..',
    ],
    ...[
      'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIn0.AAAA',
      'bnVsbA.bnVsbA.bnVsbA',
      'W10.W10.W10',
    ],
  ),
);
