import type { AccessTokenClaim } from '../config/settings';
import type { TokenRing } from './token-ring';

export const TOKEN_POLICY = Symbol('TOKEN_POLICY');

export interface TokenPolicy {
  accessTtlSeconds: number;
  refreshIdleSeconds: number;
  refreshMaxSeconds: number;
  issuer?: string;
  audience?: string;
  /** What access tokens tell of the account beside its id. */
  accountClaims: readonly AccessTokenClaim[];
  /** Different keys for the two, so that neither can pass for the other. */
  access: TokenRing;
  refresh: TokenRing;
}

/** Sessions that an account can have; the oldest makes room. */
export const mostSessions = 10;
