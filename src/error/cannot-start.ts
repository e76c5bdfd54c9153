/** A reason not to start, for the operator: its message says what to do, without a stack and without a secret. */
export class CannotStart extends Error {}

/**
 * Ends the process with 1, for the last `catch` of a program.
 * @param error written to standard error: the message of a `CannotStart`, the stack of any other
 */
export function exitFor(error: unknown): never {
  process.stderr.write(`${error instanceof CannotStart ? error.message : String((error as Error).stack)}\n`);
  process.exit(1);
}
