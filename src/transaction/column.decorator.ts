import { Column } from 'typeorm';

interface ColumnOptions {
  name: string;
  primary?: boolean;
  nullable?: boolean;
  /** Of the rows that there were when the column was added. */
  default?: string;
}

/**
 * A column for text that is compared letter by letter, such as a number in E.164, an id or a hash: under MySQL's default
 * collations disguised strings compare equal. SQLite compares bytes anyway and does not read charset and collation.
 * @param options `length` in characters, each of one byte
 */
export function AsciiColumn(options: ColumnOptions & { length: number }): PropertyDecorator {
  return Column({ type: 'varchar', ...options, charset: 'ascii', collation: 'ascii_bin' });
}

/** A column for a point in time, in UTC. It can hold microseconds; what `Clock` tells has milliseconds. */
export function TimeColumn(options: ColumnOptions): PropertyDecorator {
  return Column({ type: 'datetime', ...options, precision: 6 });
}
