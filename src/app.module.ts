import { Module, type DynamicModule } from '@nestjs/common';
import { AccountModule } from './account/account.module';
import { ConfigModule } from './config/config.module';
import type { Settings } from './config/settings';
import { DatabaseModule } from './database/database.module';
import { DispatchModule } from './dispatch/dispatch.module';
import { HealthModule } from './health/health.module';
import { HttpModule } from './http/http.module';
import { LogModule } from './log/log.module';

/** The parts list. */
@Module({})
export class AppModule {
  static with(settings: Settings): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.with(settings),
        LogModule,
        DatabaseModule,
        HttpModule.with(settings),
        AccountModule,
        DispatchModule,
        HealthModule,
      ],
    };
  }
}
