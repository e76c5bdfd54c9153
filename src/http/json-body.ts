import { parse, ParseErrorCode, visit, type ParseError } from 'jsonc-parser';
import { InvalidFields, MalformedBody } from '../error/refusal';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws MalformedBody for what is no JSON in UTF-8 (RFC 8259), InvalidFields for JSON that is no dictionary */
export function jsonFields(bytes: Buffer): Record<string, unknown> {
  const text = decode(bytes);
  const value = parseStrictly(text);
  if (value === null) throw InvalidFields.ofWholeBody({ code: 'null', message: 'No data provided' });
  if (typeof value !== 'object' || Array.isArray(value)) {
    const message = `Invalid data. Expected a dictionary, but got ${pythonType(value, text)}.`;
    throw InvalidFields.ofWholeBody({ code: 'invalid', message });
  }
  return numbersAsText(value as Record<string, unknown>, text);
}

function decode(bytes: Buffer): string {
  try {
    const text = utf8.decode(bytes);
    if (!text.startsWith('\ufeff')) return text;
  } catch {
    throw new MalformedBody('JSON parse error - invalid UTF-8');
  }
  throw new MalformedBody('JSON parse error - Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)');
}

function parseStrictly(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new MalformedBody(`JSON parse error - ${firstFault(text)}`);
  }
}

/** Python's words for what is wrong; Node's own quote the text, and differ between its versions. */
const faults: Partial<Record<ParseErrorCode, string>> = {
  [ParseErrorCode.PropertyNameExpected]: 'Expecting property name enclosed in double quotes',
  [ParseErrorCode.ColonExpected]: "Expecting ':' delimiter",
  [ParseErrorCode.CommaExpected]: "Expecting ',' delimiter",
  [ParseErrorCode.CloseBraceExpected]: "Expecting ',' delimiter",
  [ParseErrorCode.CloseBracketExpected]: "Expecting ',' delimiter",
  [ParseErrorCode.EndOfFileExpected]: 'Extra data',
  [ParseErrorCode.UnexpectedEndOfString]: 'Unterminated string starting at',
  [ParseErrorCode.InvalidCharacter]: 'Invalid control character at',
  [ParseErrorCode.InvalidEscapeCharacter]: 'Invalid \\escape',
  [ParseErrorCode.InvalidUnicode]: 'Invalid \\uXXXX escape',
};

function firstFault(text: string): string {
  const found: ParseError[] = [];
  try {
    parse(text, found, { disallowComments: true });
  } catch {
    return 'nested too deeply';
  }
  const [{ error, offset } = { error: ParseErrorCode.ValueExpected, offset: text.length }] = found;
  // In code points, as Python counts.
  const before = [...text.slice(0, offset)];
  const lineStart = before.lastIndexOf('\n') + 1;
  const line = before.filter((it) => it === '\n').length + 1;
  const place = `line ${line} column ${before.length - lineStart + 1} (char ${before.length})`;
  return `${faults[error] ?? 'Expecting value'}: ${place}`;
}

function pythonType(value: unknown, text: string): string {
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'number') return /[.eE]/.test(text) ? 'float' : 'int';
  return typeof value === 'boolean' ? 'bool' : 'str';
}

/** A number stands for its text: `1.0` is three characters, which the number 1 no longer knows. */
function numbersAsText(fields: Record<string, unknown>, text: string): Record<string, unknown> {
  if (!Object.values(fields).some((value) => typeof value === 'number')) return fields;
  const written = new Map<string, string>();
  visit(text, {
    onLiteralValue(value, offset, length, _line, _character, path) {
      const [field, ...deeper] = path();
      if (typeof value !== 'number' || deeper.length > 0) return;
      written.set(String(field), text.slice(offset, offset + length));
    },
  });
  // Of fields with one name the last counts, which `fields` knows: only what is a number there is replaced.
  for (const [field, value] of Object.entries(fields)) {
    if (typeof value === 'number') fields[field] = written.get(field);
  }
  return fields;
}
