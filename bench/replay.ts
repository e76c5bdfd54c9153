import { randomBytes } from 'node:crypto';
import { v4 as uuidv4, v7 as uuidv7 } from 'uuid';
import type { Subject } from './population';
import type { SentStatement, SentValue } from './statement-watch';

/** The statements of one request, and whom they were about. */
export interface Recording {
  subject: Subject;
  statements: SentStatement[];
  /** Of the reply's body. */
  bytes: number;
}

type Swap = (value: SentValue) => SentValue;

/**
 * Values of a recorded request for another subject: what named the one names the other, and ids and hashes that the
 * request made are made anew, the same ones the same way, so that unique indexes hold. All else stays.
 */
export function swapFor(recorded: Subject, subject: Subject): Swap {
  const known = new Map(
    Object.entries(recorded).map(([name, value]) => [value as string, subject[name as keyof Subject]]),
  );
  return (value) => {
    if (typeof value !== 'string') return value;
    const fresh = known.get(value) ?? freshLike(value);
    if (fresh !== undefined) known.set(value, fresh);
    return fresh ?? value;
  };
}

/** @returns undefined for a value that is neither a UUID nor 32 or 64 hex digits */
function freshLike(value: string): string | undefined {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value)) return value[14] === '7' ? uuidv7() : uuidv4();
  return /^([0-9a-f]{32}){1,2}$/.test(value) ? randomBytes(value.length / 2).toString('hex') : undefined;
}

const tableWritten = /^\s*(?:INSERT\s+INTO|UPDATE)\s+["`]?(\w+)/i;
const leastTables = ['otp_challenge', 'account', 'session'];

/**
 * The least that a verify can be: begin, use the code up, write the account, open the session, commit.
 * @returns a recording with those statements of another one, five if it has one of each
 */
export function leastOf(recording: Recording): Recording {
  const { statements } = recording;
  const writes = leastTables.map((table) => statements.findLast(({ sql }) => tableWritten.exec(sql)?.[1] === table));
  const least = [statements[0], ...writes, statements.at(-1)].filter((it) => it !== undefined);
  return { ...recording, statements: least };
}
