import { MalformedBody } from '../error/refusal';
import { jsonFields } from './json-body';

const read = (text: string) => jsonFields(Buffer.from(text));

function faultOf(text: string): string {
  try {
    read(text);
  } catch (error) {
    if (error instanceof MalformedBody) return error.why;
    throw error;
  }
  throw new Error('no fault');
}

type Copying = (this: unknown, ...range: unknown[]) => { length: number };

/** Characters and elements that are copied while a text is read: work, counted alike on every machine. */
function copied(text: string): number {
  let count = 0;
  const methods = [
    [Array.prototype, 'slice'],
    [String.prototype, 'slice'],
    [String.prototype, 'substring'],
  ] as const;
  const originals = methods.map(([owner, name]) => Reflect.get(owner, name) as Copying);
  methods.forEach(([owner, name], index) =>
    Reflect.set(owner, name, function (this: unknown, ...range: unknown[]) {
      const copy = originals[index]!.apply(this, range);
      count += copy.length;
      return copy;
    }),
  );
  try {
    read(text);
  } catch (error) {
    if (!(error instanceof MalformedBody)) throw error;
  } finally {
    methods.forEach(([owner, name], index) => Reflect.set(owner, name, originals[index]));
  }
  return count;
}

const lists = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

describe('JSON', () => {
  it.each<[string, (size: number) => string]>([
    ['numbers in lists in lists', (size) => `{"a":1,"x":${'[1,'.repeat(size)}1${']'.repeat(size)}}`],
    [
      'numbers in dictionaries in dictionaries',
      (size) => `{"a":1,"x":${'{"b":1,"c":'.repeat(size)}1${'}'.repeat(size)}}`,
    ],
    ['numbers side by side', (size) => `{${Array.from({ length: size }, (_, index) => `"${index}":1`).join()}}`],
    ['numbers of one name', (size) => `{${Array.from({ length: size }, () => '"a":1').join()}}`],
    ['a number of many digits', (size) => `{"a":${'9'.repeat(size)}}`],
    ['escapes', (size) => `{"a":1,"b":"${'\\u0061'.repeat(size)}"}`],
    ['faults side by side', (size) => `{"a":${'1 '.repeat(size)}`],
    ['commas', (size) => ','.repeat(size)],
    ['a fault behind emoji', (size) => `{"a":"${'\u{1f600}'.repeat(size)}",}`],
    ['a fault behind lines', (size) => `${'\n'.repeat(size)}x`],
    ['lists that do not end', (size) => '['.repeat(size)],
    ['dictionaries that do not end', (size) => '{"a":'.repeat(size)],
  ])('takes twice the work for twice the length, at most: %s', (_what, text) => {
    expect(copied(text(2_000))).toBeLessThan(2.5 * copied(text(1_000)) + 100);
  });

  it('may be as deep as a body is long', () => {
    const fields = read(`{"a":1.0,"x":${lists(32_000)},"b":2}`);
    expect([fields.a, fields.b, Array.isArray(fields.x)]).toEqual(['1.0', '2', true]);
  });

  it.each<[string, string, object]>([
    ['a point', '{"a":1.0}', { a: '1.0' }],
    ['a sign and an exponent', '{"a":-1E+400}', { a: '-1E+400' }],
    ['a name with an escape', '{"\\u0061":1.0}', { a: '1.0' }],
    ['a name of digits', '{"1":1.0,"0":2.0}', { 0: '2.0', 1: '1.0' }],
    ['a name of nothing', '{"":1.0}', { '': '1.0' }],
    ['a text before it', '{"b":"a","a":1.0}', { a: '1.0', b: 'a' }],
    ['a number, then a text of the same name', '{"a":1.0,"a":"b","c":2.0}', { a: 'b', c: '2.0' }],
    ['a text, then a number of the same name', '{"a":"b","a":1.0}', { a: '1.0' }],
    [
      'numbers of its name further in',
      '{"a":1.0,"b":{"a":2.0},"c":[{"a":3.0},4.0]}',
      { a: '1.0', b: { a: 2 }, c: [{ a: 3 }, 4] },
    ],
    ['brackets in a text', '{"b":"[{","a":1.0,"c":"]}"}', { a: '1.0', b: '[{', c: ']}' }],
  ])('keeps a number as it is written: %s', (_what, text, fields) => expect(read(text)).toEqual(fields));

  it.each([
    ['999 open lists', '['.repeat(999), "Expecting ',' delimiter: line 1 column 1000 (char 999)"],
    ['1,000 open lists', '['.repeat(1_000), "Expecting ',' delimiter: line 1 column 1001 (char 1000)"],
    ['1,001 open lists', '['.repeat(1_001), 'nested too deeply'],
    ['65,536 open lists', '['.repeat(65_536), 'nested too deeply'],
    ['13,000 open dictionaries', '{"a":'.repeat(13_000), 'nested too deeply'],
    ['1,001 lists, one after another', `${'[],'.repeat(1_001)}`, 'Extra data: line 1 column 3 (char 2)'],
    ['a fault before all depth', `[x${lists(2_000)}`, 'Expecting value: line 1 column 2 (char 1)'],
    ['a fault on a third line', '{\n"a":\n"\u{1f600}" 1}', "Expecting ',' delimiter: line 3 column 5 (char 11)"],
    ['a line break that ends it', '{"a":1\n', "Expecting ',' delimiter: line 2 column 1 (char 7)"],
  ])('says what is wrong first, and where: %s', (_what, text, why) =>
    expect(faultOf(text)).toBe(`JSON parse error - ${why}`),
  );
});
