import { validate as isUuid } from 'uuid';
import type { JwtAlgorithm } from '../config/settings';
import type { PublicJwk, SigningKey, TokenChecks } from './signing-key';

export type TokenType = 'access' | 'refresh';

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

/** The keys of one type of token. One signs; all of them check, so that keys can be changed under load. */
export class TokenRing {
  constructor(
    private readonly type: TokenType,
    private readonly keys: readonly SigningKey[],
    /** The first key of this algorithm signs. */
    private readonly algorithm: JwtAlgorithm = 'HS256',
  ) {}

  sign(claims: Omit<TokenClaims, 'token_type'> & Record<string, unknown>): string {
    const signing = this.keys.find(({ algorithm }) => algorithm === this.algorithm);
    if (signing === undefined) throw new Error(`no key for ${this.type} tokens`);
    return signing.sign({ token_type: this.type, ...claims });
  }

  /** @returns undefined for whatever is not a valid token of this type */
  read(token: string, checks: TokenChecks): TokenClaims | undefined {
    for (const key of this.keys) {
      const claims = key.read(token, checks);
      if (claims !== undefined) return this.isOurs(claims) ? claims : undefined;
    }
    return undefined;
  }

  get publicKeys(): PublicJwk[] {
    return this.keys.flatMap(({ publicJwk }) => publicJwk ?? []);
  }

  private isOurs(claims: object): claims is TokenClaims {
    const { token_type, exp, iat, jti, sub, sid } = claims as Partial<TokenClaims>;
    const named = typeof jti === 'string' && jti !== '' && isUuid(sub) && isUuid(sid);
    return token_type === this.type && typeof exp === 'number' && typeof iat === 'number' && named;
  }
}
