import { DataSource } from 'typeorm';
import { command } from './command';
import { applyMigrations, databaseOptions, open } from '../database/data-source';

/** `npm run migration:run`: brings the database of the settings up to date and says what was done. */
command(async (settings) => {
  const options = await databaseOptions(settings.database);
  const dataSource = await open(new DataSource({ ...options, migrationsRun: false }));
  const applied = await applyMigrations(dataSource);
  await dataSource.destroy();
  process.stdout.write(
    applied.length > 0 ? `Applied: ${applied.join(', ')}\n` : 'All migrations are applied already.\n',
  );
});
