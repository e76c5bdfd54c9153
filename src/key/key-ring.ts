import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

export interface RingKey {
  /** Names the key without telling anything of it: 16 hex digits, kept beside what the key made. */
  id: string;
  key: KeyObject;
}

/**
 * Keys for one purpose, derived from `SECRET_KEY` (HKDF, RFC 5869), newest first. The newest makes what is new, the
 * others still check what they made, so that a secret can be changed while codes and tokens are under way.
 */
export class KeyRing {
  readonly all: readonly RingKey[];

  /**
   * @param secrets of the settings, newest first, 32 bytes or more each
   * @param purpose such as `pseudonym`: keys of two purposes tell nothing of each other. A change ends all that was made.
   */
  constructor(secrets: readonly string[], purpose: string) {
    this.all = secrets.map((secret) => ({
      id: derive(secret, `hodi/${purpose}/id`, 8).toString('hex'),
      key: createSecretKey(derive(secret, `hodi/${purpose}`, 32)),
    }));
  }

  /**
   * The key that makes what is new.
   * @throws Error if there are no secrets, which the settings do not allow
   */
  get newest(): RingKey {
    const [newest] = this.all;
    if (!newest) throw new Error('a key ring without a key');
    return newest;
  }

  /**
   * The key that made something.
   * @param id as it was kept beside that
   * @returns undefined if the key's secret is no longer in the settings
   */
  find(id: string): RingKey | undefined {
    return this.all.find((it) => it.id === id);
  }
}

function derive(secret: string, info: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', info, bytes));
}
