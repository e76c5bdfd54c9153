import { keyList } from '../variable/key-list';
import type { RunMode } from '../variable/run-mode';
import type { Values } from '../variable/variable-kinds';
import { developmentSecret } from './development-secret';

/** @param production whether the secret must be given */
export const keyVariables = (production: boolean) => ({
  SECRET_KEY: production ? keyList : keyList.optional(),
});

/** What all keys are derived from, but for those that sign access tokens. */
export class KeySettings {
  /** Newest first. */
  readonly secretKeys: string[];

  /** @throws CannotStart if development's secret cannot be made or read */
  constructor({ SECRET_KEY }: Values<ReturnType<typeof keyVariables>>, { dataDir }: RunMode) {
    this.secretKeys = SECRET_KEY ?? [developmentSecret(dataDir, 'secret-key')];
  }
}
