import { Module, type DynamicModule } from '@nestjs/common';
import { SETTINGS, type Settings } from './settings';

/** Global: settings are read once, before anything is built, and every room may inject them by `SETTINGS`. */
@Module({})
export class ConfigModule {
  /** @param settings as `readSettings` returns them */
  static with(settings: Settings): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [{ provide: SETTINGS, useValue: settings }],
      exports: [SETTINGS],
    };
  }
}
