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

  constructor(secrets: readonly string[], purpose: string) {
    this.all = secrets.map((secret) => ({
      id: derive(secret, `hodi/${purpose}/id`, 8).toString('hex'),
      key: createSecretKey(derive(secret, `hodi/${purpose}`, 32)),
    }));
  }

  get newest(): RingKey {
    const [newest] = this.all;
    if (!newest) throw new Error('a key ring without a key');
    return newest;
  }

  find(id: string): RingKey | undefined {
    return this.all.find((it) => it.id === id);
  }
}

function derive(secret: string, info: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', info, bytes));
}
