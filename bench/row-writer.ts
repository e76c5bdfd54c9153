import type { Database } from 'better-sqlite3';
import { createConnection, type ResultSetHeader } from 'mysql2/promise';
import type { DataSource, EntityTarget } from 'typeorm';
import { DateUtils } from 'typeorm/util/DateUtils';

/** Writes many rows at once, beside the service: much faster than entities. A row with the same key is replaced. */
export interface RowWriter {
  /** @param rows with every column of the entity, in properties */
  write<Row extends object>(entity: EntityTarget<Row>, rows: readonly Row[]): Promise<void>;
  close(): Promise<void>;
}

/** @param url as `DATABASE_URL` names the database of `dataSource` */
export function rowWriter(dataSource: DataSource, url: string): Promise<RowWriter> {
  return dataSource.options.type === 'better-sqlite3' ? sqliteWriter(dataSource) : mysqlWriter(dataSource, url);
}

async function mysqlWriter(dataSource: DataSource, uri: string): Promise<RowWriter> {
  const connection = await createConnection(uri);
  return {
    async write(entity, rows) {
      const { table, columns, valuesOf } = layoutOf(dataSource, entity);
      if (rows.length === 0) return;
      const text = `REPLACE INTO ${table} (${columns.join(', ')}) VALUES ?`;
      await connection.query<ResultSetHeader>(text, [rows.map(valuesOf)]);
    },
    close: () => connection.end(),
  };
}

async function sqliteWriter(dataSource: DataSource): Promise<RowWriter> {
  const database = (dataSource.driver as unknown as { databaseConnection: Database }).databaseConnection;
  return {
    async write(entity, rows) {
      const { table, columns, valuesOf } = layoutOf(dataSource, entity);
      const places = columns.map(() => '?').join(', ');
      const statement = database.prepare(`REPLACE INTO ${table} (${columns.join(', ')}) VALUES (${places})`);
      const writeAll = database.transaction(() => rows.forEach((row) => statement.run(valuesOf(row))));
      writeAll.immediate();
    },
    close: async () => {},
  };
}

function layoutOf<Row extends object>(dataSource: DataSource, entity: EntityTarget<Row>) {
  const { tableName: table, columns } = dataSource.getMetadata(entity);
  const properties = columns.map(({ propertyName }) => propertyName as keyof Row);
  const valuesOf = (row: Row): unknown[] => properties.map((property) => asSql(row[property]));
  return { table, columns: columns.map(({ databaseName }) => databaseName), valuesOf };
}

/** Rows share their times: each is put into words once. Both databases read this form, in UTC. */
const timeTexts = new WeakMap<Date, string>();

function asSql(value: unknown): unknown {
  if (typeof value === 'boolean') return Number(value);
  if (!(value instanceof Date)) return value;
  const text = timeTexts.get(value) ?? (DateUtils.mixedDateToUtcDatetimeString(value) as string);
  timeTexts.set(value, text);
  return text;
}
