import { createConnection } from 'mysql2/promise';
import type { DataSource } from 'typeorm';
import type { SentStatement } from '../../bench/statement-watch';

/** Of `EXPLAIN` on MySQL and MariaDB: one row for each table. */
interface MysqlStep {
  select_type: string;
  table: string | null;
  type: string | null;
}

/** Tells how the database would carry out statements. */
export interface Planner {
  /** @returns a line for each table whose rows, or all entries of an index, would be read from first to last; none is right */
  scansIn(statement: Pick<SentStatement, 'sql' | 'values'>): Promise<string[]>;
  close(): Promise<void>;
}

/** Counts the rows first: for a table that it takes for small, a database likes to scan. */
export async function planner(dataSource: DataSource, url: string): Promise<Planner> {
  return dataSource.options.type === 'better-sqlite3' ? sqlitePlanner(dataSource) : mysqlPlanner(dataSource, url);
}

/** Whether it reads or writes rows, rather than begins or ends a transaction. */
export function touchesRows({ sql }: Pick<SentStatement, 'sql'>): boolean {
  return /^\s*(SELECT|UPDATE|DELETE|INSERT|REPLACE|WITH)\b/i.test(sql);
}

async function mysqlPlanner(dataSource: DataSource, uri: string): Promise<Planner> {
  const connection = await createConnection({ uri, timezone: 'Z' });
  const tables = dataSource.entityMetadatas.map(({ tableName }) => tableName);
  await connection.query(`ANALYZE TABLE ${tables.join(', ')}`);
  return {
    async scansIn({ sql, values }) {
      const [steps] = await connection.query(`EXPLAIN ${sql}`, values);
      // The table that rows are added to is listed as if it were read.
      const read = (steps as MysqlStep[]).filter(({ select_type }) => !/^(INSERT|REPLACE)$/.test(select_type));
      const scans = read.filter(({ type }) => type === 'ALL' || type === 'index');
      return scans.map(({ table, type }) => `${table}: ${type}`);
    },
    close: () => connection.end(),
  };
}

async function sqlitePlanner(dataSource: DataSource): Promise<Planner> {
  await dataSource.query('ANALYZE');
  return {
    async scansIn({ sql, values }) {
      // `one` is the row of constants of `Transaction.insertIf`.
      const steps = await dataSource.query<{ detail: string }[]>(`EXPLAIN QUERY PLAN ${sql}`, values);
      const scans = steps.filter(({ detail }) => /^SCAN (?!.*CONSTANT ROW|one$)/.test(detail));
      return scans.map(({ detail }) => detail);
    },
    close: async () => {},
  };
}
