import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSourceOptions } from 'typeorm';
import { SETTINGS, type Settings } from '../config/settings';
import { connectDatabase, databaseOptions } from './data-source';

/** The connection that every room's repositories share. */
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [SETTINGS],
      // Tried once: whoever started the service should hear at once that it has no database.
      useFactory: async (given: Settings) => ({ ...(await databaseOptions(given)), retryAttempts: 1 }),
      dataSourceFactory: (options) => connectDatabase(options as DataSourceOptions),
    }),
  ],
})
export class DatabaseModule {}
