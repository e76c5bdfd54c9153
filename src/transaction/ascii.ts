/**
 * Column options for what is compared letter by letter: under MySQL's default collations disguised strings compare
 * equal. SQLite compares bytes anyway and does not read them.
 */
export const ascii = { charset: 'ascii', collation: 'ascii_bin' } as const;
