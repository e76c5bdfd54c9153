import type { SqlValue } from './statement';

/**
 * Columns of a further table that a read brings along, as one statement costs less than two. The folder that owns the table
 * writes it, so that a folder below can read with it and knows nothing of that table.
 */
export interface Join {
  /** With names of their own: `account.id AS accountId`. NULL where the join finds no row. */
  columns: string;
  /** A `LEFT JOIN` that finds one row at most, by an index. */
  from: string;
  /** Of the placeholders in `from`; `columns` has none. */
  values?: readonly SqlValue[];
}

/** Joins after one another: a later one may know the tables of the ones before. */
export function joined(...joins: readonly Join[]): Join {
  return {
    columns: joins.map(({ columns }) => columns).join(', '),
    from: joins.map(({ from }) => from).join(' '),
    values: joins.flatMap(({ values = [] }) => values),
  };
}
