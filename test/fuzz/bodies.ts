import fc from 'fast-check';
import { forgedToken, headerText, hostileJson, hostileText, hostileValue } from './hostile';

export interface FuzzBody {
  bytes: Buffer;
  /** Absent where the body has none. */
  type?: string;
}

/** What stands for the tokens of someone who is signed in, until the request is sent. */
export const accessMark = '{{access}}';
export const refreshMark = '{{refresh}}';

const form = 'application/x-www-form-urlencoded';
const json = 'application/json';

/** What providers name the fields of their receipts. */
const receiptFields = [
  ...['id', 'status', 'failureReason', 'request_id', 'Status', 'MessageStatus', 'ErrorCode', 'client-ref', 'err-code'],
  ...['timestamp', 'sig', 'results', 'type', 'data', 'messageId'],
];

const phoneNumber = fc.oneof(
  fc.integer({ min: 10_000, max: 99_999 }).map((last) => `+2556791${last}`),
  fc.constantFrom(
    '+447400123456',
    '+12015550123',
    '+882161234567',
    '+447012345678',
    '0679190720',
    '+255 (67) 919-0720',
  ),
);

/** What a client would send for a field, by its name. */
const usual: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  phone_number: phoneNumber,
  otp: fc.integer({ min: 0, max: 999_999 }).map((code) => String(code).padStart(6, '0')),
  refresh: fc.oneof(fc.constant(refreshMark), forgedToken),
  token: fc.oneof(fc.constant(refreshMark), forgedToken),
  locale: fc.constantFrom('sw', 'en-GB', 'en_US', 'x-klingon'),
  display_name: fc.string({ unit: 'grapheme', maxLength: 80 }),
  results: fc.constant([{ messageId: '1', status: { groupId: 1, id: 1 } }]),
};

function fieldsOf(names: readonly string[]): fc.Arbitrary<[string, unknown][]> {
  const field = (name: string) =>
    fc
      .oneof({ weight: 3, arbitrary: usual[name] ?? fc.constant('1') }, { weight: 1, arbitrary: hostileValue })
      .map((value): [string, unknown] => [name, value]);
  const extra = fc.tuple(
    hostileText.map((name) => name.slice(0, 50)),
    hostileValue,
  );
  return fc
    .tuple(
      fc.tuple(...names.map((name) => fc.option(field(name), { freq: 8, nil: undefined }))),
      fc.array(extra, { maxLength: 1 }),
    )
    .map(([known, more]) => [...known.filter((it) => it !== undefined), ...more]);
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

const inForm = (fields: [string, unknown][]) =>
  new URLSearchParams(fields.map(([name, value]): [string, string] => [name, textOf(value)])).toString();
const inParts = (fields: [string, unknown][]) =>
  fields
    .map(([name, value]) => `--XX\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${textOf(value)}\r\n`)
    .concat('--XX--\r\n')
    .join('');

/**
 * @param names the fields that the route knows
 * @param receipt whether the body may be as large as a receipt
 */
export function bodyOf(names: readonly string[], receipt: boolean): fc.Arbitrary<FuzzBody> {
  const fields = fieldsOf(receipt ? receiptFields : names);
  const bytesOf = (text: string) => Buffer.from(text.slice(0, receipt ? 70_000 : 9_000));
  const asJson = fields.map((it) => ({ bytes: bytesOf(JSON.stringify(Object.fromEntries(it))), type: json }));
  const asForm = fields.map((it) => ({ bytes: bytesOf(inForm(it)), type: form }));
  const asParts = fields.map((it) => ({ bytes: bytesOf(inParts(it)), type: 'multipart/form-data; boundary=XX' }));
  const asOddJson = hostileJson.map((text) => ({ bytes: bytesOf(text), type: json }));
  const types = fc.oneof(
    fc.constantFrom(
      json,
      form,
      'multipart/form-data; boundary=XX',
      'multipart/form-data',
      'text/plain',
      `${json}; charset=latin-1`,
    ),
    headerText,
  );
  const odd = fc.record({
    bytes: fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((it) => Buffer.from(it)),
      hostileText.map(bytesOf),
      hostileJson.map(bytesOf),
    ),
    type: types,
  });
  return fc.oneof(
    { weight: 5, arbitrary: asJson },
    { weight: 2, arbitrary: asForm },
    { weight: 1, arbitrary: asParts },
    { weight: 2, arbitrary: asOddJson },
    { weight: 1, arbitrary: odd },
  );
}
