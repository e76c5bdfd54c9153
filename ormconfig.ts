/** The TypeORM command line's door: `npm run typeorm -- migration:show`. */
import 'reflect-metadata';
import { existsSync } from 'node:fs';
import { DataSource } from 'typeorm';
import { readSettings } from './src/config/settings';
import { databaseOptions } from './src/database/data-source';

if (existsSync('.env')) process.loadEnvFile('.env');

export default databaseOptions(readSettings(process.env)).then(
  (options) => new DataSource({ ...options, migrationsRun: false }),
);
