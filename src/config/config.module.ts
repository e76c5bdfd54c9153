import { Module, type DynamicModule } from '@nestjs/common';
import { SETTINGS, type Settings } from './settings';

/** Global: settings are read once, before anything is built, and handed to whoever asks. */
@Module({})
export class ConfigModule {
  static with(settings: Settings): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [{ provide: SETTINGS, useValue: settings }],
      exports: [SETTINGS],
    };
  }
}
