import type { EntityManager, QueryRunner } from 'typeorm';
import { DateUtils } from 'typeorm/util/DateUtils';

export type SqlValue = string | number | boolean | Date | null;

export interface StatementResult<Row> {
  /** Rows that the `where` of an update matched, or that an insert added; on MySQL too, matched rather than changed. */
  affected: number;
  rows: Row[];
}

/** What is used of mysql2's connection: `execute` prepares a statement once a connection, then sends only values. */
interface PreparingConnection {
  execute(sql: string, values: SqlValue[], done: (error: Error | null, result: unknown) => void): void;
}

/**
 * One open transaction. Hot paths send guarded statements, everything else goes by entities, all on the same
 * connection. Statements are written so that both databases understand them; values are always bound.
 */
export class Transaction {
  private readonly afterwards: (() => void)[] = [];

  constructor(private readonly runner: QueryRunner) {}

  /** For what may only happen once others can see what was written; a rollback forgets it. */
  afterCommit(action: () => void): void {
    this.afterwards.push(action);
  }

  async commit(): Promise<void> {
    await this.runner.commitTransaction();
    this.afterwards.forEach((action) => action());
  }

  get manager(): EntityManager {
    return this.runner.manager;
  }

  async execute<Row = never>(sql: string, values: SqlValue[]): Promise<StatementResult<Row>> {
    const connection = (await this.runner.connect()) as PreparingConnection | object;
    if (!('execute' in connection)) {
      const result = (await this.runner.query(sql, values.map(asText), true)) as { affected?: number; records?: Row[] };
      return { affected: result.affected ?? 0, rows: result.records ?? [] };
    }
    return new Promise((resolve, reject) =>
      connection.execute(sql, values, (error, result) => {
        if (error) reject(error);
        else if (Array.isArray(result)) resolve({ affected: 0, rows: result as Row[] });
        else resolve({ affected: (result as { affectedRows: number }).affectedRows, rows: [] });
      }),
    );
  }
}

/** SQLite keeps a time as text; this is the form in which TypeORM writes it, so that both compare. */
function asText(value: SqlValue): SqlValue {
  return value instanceof Date ? (DateUtils.mixedDateToUtcDatetimeString(value) as string) : value;
}
