import { lstatSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { CannotStart } from '../error/cannot-start';

const utf16 = [
  { mark: [0xff, 0xfe], encoding: 'utf-16le' },
  { mark: [0xfe, 0xff], encoding: 'utf-16be' },
];

/** `NAME=value`, perhaps after `export`; a value in quotes may go over lines. */
const assignment = /^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=[ \t]*(?:"[^"]*"|'[^']*'|`[^`]*`|)[^\n]*$/gm;

/**
 * The variables of a file as `.env` is written, in UTF-8 or, with a byte order mark, UTF-16.
 * @returns values by name; none where there is no file
 * @throws CannotStart naming the file and its lines, never a value: what cannot be read must not become a default
 */
export function readEnvFile(file: string): NodeJS.Dict<string> {
  const bytes = bytesOf(file);
  if (bytes === undefined) return {};
  const text = decoded(bytes, file).replace(/\r\n?/g, '\n');
  const names: string[] = [];
  const rest = text.replace(assignment, (lines, name: string) => {
    names.push(name);
    return lines.replace(/[^\n]/g, '');
  });
  const odd = rest.split('\n').flatMap((line, at) => (/^\s*(#.*)?$/.test(line) ? [] : [at + 1]));
  if (odd.length > 0)
    throw new CannotStart(`${file}: line ${odd.join(', ')} must be NAME=value, or a comment after #.`);
  const twice = names.find((name, at) => names.indexOf(name) < at);
  if (twice !== undefined) throw new CannotStart(`${file}: ${twice} is set twice.`);
  return parseEnv(text);
}

function bytesOf(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return undefined;
    const remedy = code === 'EISDIR' ? 'it is a folder' : 'let the user that runs Hodi read it, or take it away';
    throw new CannotStart(`${file}: cannot be read (${code}): ${remedy}.`, { cause });
  }
}

function decoded(bytes: Buffer, file: string): string {
  const encoding = utf16.find(({ mark }) => mark.every((byte, at) => bytes[at] === byte))?.encoding ?? 'utf-8';
  try {
    // The mark itself is dropped.
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return text;
  } catch {
    // Told below.
  }
  throw new CannotStart(`${file}: is not text in UTF-8: save it so.`);
}
