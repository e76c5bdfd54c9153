import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { validate as isUuid } from 'uuid';
import { addSeconds, Clock } from '../clock/clock';
import type { PublicJwk } from './signing-key';
import { TokenPolicy, type TokenType } from './token-policy';

export interface TokenPair {
  refresh: string;
  access: string;
}

/** Claims that every token of ours has. */
export interface TokenClaims {
  token_type: TokenType;
  /** Seconds since 1970 (RFC 7519 section 2). */
  exp: number;
  iat: number;
  /** 32 hex digits. */
  jti: string;
  /** The account's id, under the names that simplejwt and the standard have for it. */
  user_id: string;
  sub: string;
  /** The session's id. */
  sid: string;
}

/** What a session's tokens say of it. */
export interface SignableSession {
  id: string;
  accountId: string;
  /** `jti` of the current refresh token. */
  refreshJti: string;
  /** When that one was issued. */
  rotatedAt: Date;
  /** When that one, and the session, ends. */
  expiresAt: Date;
}

/** Signs and reads JSON web tokens (RFC 7519) with the claims that simplejwt knows. */
@Injectable()
export class TokenService {
  constructor(
    private readonly policy: TokenPolicy,
    private readonly clock: Clock,
  ) {}

  /**
   * Signs the tokens of a session that is committed.
   * @param accountClaims what access tokens say of the account beside its id
   * @returns the session's current refresh token, the same bytes each time, and a new access token
   */
  sign(session: SignableSession, accountClaims: Record<string, unknown>): TokenPair {
    const { accessTtlSeconds, keys, issuer, audience } = this.policy;
    const now = this.clock.now();
    const common = {
      user_id: session.accountId,
      sub: session.accountId,
      sid: session.id,
      ...(issuer === undefined ? {} : { iss: issuer }),
      ...(audience === undefined ? {} : { aud: audience }),
    };
    const times = (from: Date, until: Date) => ({ exp: numericDate(until), iat: numericDate(from) });
    // In this order, as simplejwt answers a refresh.
    return {
      access: keys.access.signing.sign({
        token_type: 'access',
        ...times(now, addSeconds(now, accessTtlSeconds)),
        jti: newJti(),
        ...common,
        ...accountClaims,
      }),
      refresh: keys.refresh.signing.sign({
        token_type: 'refresh',
        ...times(session.rotatedAt, session.expiresAt),
        jti: session.refreshJti,
        ...common,
      }),
    };
  }

  /**
   * Reads an access token. Its session may be over all the same.
   * @returns undefined for what is not a valid access token
   */
  readAccess(token: string): TokenClaims | undefined {
    return this.read('access', token);
  }

  /**
   * Reads a refresh token. It may be replaced, and its session over, all the same.
   * @param options `evenExpired` to sign out: a token that is past its life will do
   * @returns undefined for what is not a valid refresh token
   */
  readRefresh(token: string, { evenExpired = false } = {}): TokenClaims | undefined {
    return this.read('refresh', token, evenExpired);
  }

  /** By which others check access tokens (RFC 7517); none where they are signed with `JWT_SECRET`. */
  get publicKeys(): PublicJwk[] {
    return this.policy.keys.access.all.flatMap(({ publicJwk }) => publicJwk ?? []);
  }

  private read(type: TokenType, token: string, ignoreExpiration = false): TokenClaims | undefined {
    const { issuer, audience } = this.policy;
    const checks = {
      now: numericDate(this.clock.now()),
      ignoreExpiration,
      ...(issuer === undefined ? {} : { issuer }),
      ...(audience === undefined ? {} : { audience }),
    };
    for (const key of this.policy.keys[type].all) {
      const claims = key.read(token, checks);
      if (claims !== undefined) return isOfType(type, claims) ? claims : undefined;
    }
    return undefined;
  }
}

/** As simplejwt makes it: a random UUID as 32 hex digits. Node draws random bytes for many UUIDs at once. */
export function newJti(): string {
  return randomUUID().replaceAll('-', '');
}

/** Whole seconds since 1970 (RFC 7519 section 2). */
export function numericDate(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}

function isOfType(type: TokenType, claims: object): claims is TokenClaims {
  const { token_type, exp, iat, jti, sub, sid } = claims as Partial<TokenClaims>;
  const named = typeof jti === 'string' && jti !== '' && isUuid(sub) && isUuid(sid);
  return token_type === type && typeof exp === 'number' && typeof iat === 'number' && named;
}
