import { Log } from './log';

describe('the log', () => {
  const told = (cause: unknown): string => {
    const lines: string[] = [];
    const log = new Log({ logLevel: 'info' }, { write: (line: string) => lines.push(line) });
    log.trouble('something failed', cause);
    return lines.join('');
  };
  const withMarks = (more: object) => Object.assign(new Error("Duplicate entry 'marker' for key 'x'"), more);

  it.each([
    ['by its driver', withMarks({ sqlMessage: '' })],
    ['by TypeORM', withMarks({ driverError: {} })],
    ['of SQLite', withMarks({ code: 'SQLITE_CONSTRAINT_UNIQUE' })],
    ['as a cause', new Error('no', { cause: withMarks({ sqlMessage: '' }) })],
  ])('repeats nothing that a database said %s', (_how, error) => {
    expect(told(error)).toContain('something failed');
    expect(told(error)).not.toContain('marker');
  });

  it.each([
    ['a number', 'no text to +255679190720', '255679190720'],
    ['a code', 'code 123456 is wrong', '123456'],
    ['a token', `bad eyJhbGciOiJIUzI1NiJ9.${'a'.repeat(20)}.${'b'.repeat(20)}`, 'eyJhbGciOiJIUzI1NiJ9'],
  ])('leaves %s out of a message', (_what, message, secret) => {
    expect(told(new Error(message))).not.toContain(secret);
    expect(told(message)).not.toContain(secret);
  });

  it('tells name, code and place of an error', () => {
    const line = JSON.parse(told(Object.assign(new TypeError('oops'), { code: 'E_OOPS' }))) as { error: object };
    expect(line.error).toMatchObject({ name: 'TypeError', code: 'E_OOPS', message: 'oops' });
    expect(JSON.stringify(line.error)).toContain('log.spec.ts');
  });
});
