import { Module, type DynamicModule } from '@nestjs/common';
import { AccountModule } from './account/account.module';
import { ChallengeModule } from './challenge/challenge.module';
import { DatabaseModule } from './database/database.module';
import { DispatchModule } from './dispatch/dispatch.module';
import { HealthModule } from './health/health.module';
import { HttpModule } from './http/http.module';
import { LimitModule } from './limit/limit.module';
import { LogModule } from './log/log.module';
import type { Settings } from './settings/settings';
import { SettingsModule } from './settings/settings.module';

/** The parts list. */
@Module({})
export class AppModule {
  static with(settings: Settings): DynamicModule {
    return {
      module: AppModule,
      imports: [
        SettingsModule.with(settings),
        LogModule,
        DatabaseModule,
        HttpModule.with(settings.http),
        LimitModule,
        AccountModule,
        ChallengeModule,
        DispatchModule,
        HealthModule,
      ],
    };
  }
}
