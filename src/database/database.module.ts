import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSourceOptions } from 'typeorm';
import { connectDatabase, databaseOptions } from './data-source';
import { DatabaseSettings } from './database-settings';

/** The connection that every room's repositories share. */
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [DatabaseSettings],
      // Tried once: whoever started the service should hear at once that it has no database.
      useFactory: async (given: DatabaseSettings) => ({ ...(await databaseOptions(given)), retryAttempts: 1 }),
      dataSourceFactory: (options) => connectDatabase(options as DataSourceOptions),
    }),
  ],
})
export class DatabaseModule {}
