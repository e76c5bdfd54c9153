/** The TypeORM command line's door: `npm run typeorm -- migration:show`. */
import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { readEnvironment } from './src/config/environment';
import { databaseOptions } from './src/database/data-source';

export default databaseOptions(readEnvironment()).then(
  (options) => new DataSource({ ...options, migrationsRun: false }),
);
