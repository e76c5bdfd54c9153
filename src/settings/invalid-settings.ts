import type { z } from 'zod';
import { CannotStart } from '../error/cannot-start';
import type { GivenVariables } from '../variable/variable-kinds';

/** Names every bad variable and what to do about it; never a value. */
export class InvalidSettings extends CannotStart {
  /** @param faults one line each: the variable's name, a colon, what is wrong with it */
  constructor(readonly faults: readonly string[]) {
    super(`These settings must be fixed before Hodi can start:\n${faults.map((it) => `  ${it}`).join('\n')}`);
  }
}

const secretNames = ['SECRET_KEY', 'JWT_SECRET'];

/** One line a variable: absent ones say so, bad ones say what would be right. */
export function faultLines(
  error: z.ZodError,
  given: GivenVariables,
  missing = 'is missing, and production has no default for it',
): string[] {
  const lines = error.issues.map(({ path, message }) => {
    const name = String(path[0]);
    const remedy = secretNames.includes(name) ? '; make one with: openssl rand -base64 48' : '';
    return `${name}: ${given[name] === undefined ? missing + remedy : message}`;
  });
  return [...new Set(lines)];
}
