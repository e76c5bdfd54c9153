import { createScanner, ParseErrorCode, SyntaxKind, visit } from 'jsonc-parser';
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

/** As deep as Python's own parser reads; its error names no place either. */
const deepest = 1_000;

/** Ends `visit`, which else reads on behind a fault and collects all that follow from it. */
class Fault extends Error {}

/** @returns why a text is no JSON, and where: the place in code points, as Python counts */
function firstFault(text: string): string {
  let depth = 0;
  const open = () => {
    depth += 1;
    if (depth > deepest) throw new Fault('nested too deeply');
  };
  const close = () => void (depth -= 1);
  const onError = (error: ParseErrorCode, offset: number) => {
    throw new Fault(faultAt(text, error, offset));
  };
  try {
    visit(
      text,
      { onObjectBegin: open, onArrayBegin: open, onObjectEnd: close, onArrayEnd: close, onError },
      { disallowComments: true },
    );
  } catch (fault) {
    if (fault instanceof Fault) return fault.message;
    throw fault;
  }
  return faultAt(text, ParseErrorCode.ValueExpected, text.length);
}

function faultAt(text: string, error: ParseErrorCode, offset: number): string {
  const before = text.slice(0, offset).replaceAll(/[\u{10000}-\u{10ffff}]/gu, '_');
  const line = before.split('\n').length;
  const column = before.length - before.lastIndexOf('\n');
  return `${faults[error] ?? 'Expecting value'}: line ${line} column ${column} (char ${before.length})`;
}

function pythonType(value: unknown, text: string): string {
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'number') return /[.eE]/.test(text) ? 'float' : 'int';
  return typeof value === 'boolean' ? 'bool' : 'str';
}

/** A number stands for its text: `1.0` is three characters, which the number 1 no longer knows. */
function numbersAsText(fields: Record<string, unknown>, text: string): Record<string, unknown> {
  const names = Object.keys(fields).filter((name) => typeof fields[name] === 'number');
  if (names.length === 0) return fields;
  const written = writtenNumbers(text);
  // Of fields with one name the last counts, which `fields` knows: only what is a number there is replaced.
  for (const name of names) fields[name] = written.get(name);
  return fields;
}

/**
 * Token by token, so that the time grows with the length alone, however deep the text is.
 *
 * @param text a dictionary in JSON
 * @returns the numbers of its own fields, as they are written
 */
function writtenNumbers(text: string): Map<string, string> {
  const scanner = createScanner(text, true);
  const written = new Map<string, string>();
  let depth = 0;
  let name = '';
  for (let token = scanner.scan(); token !== SyntaxKind.EOF; token = scanner.scan()) {
    if (token === SyntaxKind.OpenBraceToken || token === SyntaxKind.OpenBracketToken) depth += 1;
    if (token === SyntaxKind.CloseBraceToken || token === SyntaxKind.CloseBracketToken) depth -= 1;
    if (depth > 1) continue;
    // A text that is a value is overwritten by the name that comes next.
    if (token === SyntaxKind.StringLiteral) name = scanner.getTokenValue();
    if (token === SyntaxKind.NumericLiteral) written.set(name, scanner.getTokenValue());
  }
  return written;
}
