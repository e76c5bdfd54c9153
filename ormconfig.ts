/** The TypeORM command line's door: `npm run typeorm -- migration:show`. */
import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { databaseOptions } from './src/database/data-source';
import { readEnvironment } from './src/settings/environment';

export default databaseOptions(readEnvironment().database).then(
  (options) => new DataSource({ ...options, migrationsRun: false }),
);
