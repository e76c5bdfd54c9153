import type { KeyObject } from 'node:crypto';

export const TOKEN_POLICY = Symbol('TOKEN_POLICY');

export interface TokenPolicy {
  accessTtlSeconds: number;
  refreshIdleSeconds: number;
  refreshMaxSeconds: number;
  /** Different for the two tokens, so that neither can pass for the other. */
  accessKey: KeyObject;
  refreshKey: KeyObject;
  issuer?: string;
  audience?: string;
}
