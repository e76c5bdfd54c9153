import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import type { Settings } from './settings';

/** Global: settings are read once, before anything is built, and each feature injects its own by their class. */
@Module({})
export class SettingsModule {
  /** @param settings as `readSettings` returns them */
  static with(settings: Settings): DynamicModule {
    const providers = Object.values(settings).map((part: object): Provider => ({
      provide: part.constructor,
      useValue: part,
    }));
    return { module: SettingsModule, global: true, providers, exports: providers };
  }
}
