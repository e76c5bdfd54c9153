import { Inject, Injectable } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { addSeconds, Clock } from '../clock/clock';
import type { Session } from './session.entity';
import { TOKEN_POLICY, type TokenPolicy } from './token-policy';
import type { TokenClaims } from './token-ring';

export interface TokenPair {
  refresh: string;
  access: string;
}

/** JSON web tokens (RFC 7519) with the claims that simplejwt knows, of sessions that are committed. */
@Injectable()
export class Tokens {
  constructor(
    @Inject(TOKEN_POLICY) private readonly policy: TokenPolicy,
    private readonly clock: Clock,
  ) {}

  /**
   * The session's current refresh token, the same bytes each time, and a new access token.
   * @param accountClaims what the operator wants told of the account
   */
  sign(session: Session, accountClaims: Record<string, unknown>): TokenPair {
    const { accessTtlSeconds, access, refresh, issuer, audience } = this.policy;
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
      access: access.sign({
        ...times(now, addSeconds(now, accessTtlSeconds)),
        jti: newJti(),
        ...common,
        ...accountClaims,
      }),
      refresh: refresh.sign({ ...times(session.rotatedAt, session.expiresAt), jti: session.refreshJti, ...common }),
    };
  }

  readAccess(token: string): TokenClaims | undefined {
    return this.policy.access.read(token, this.checks());
  }

  readRefresh(token: string, { evenExpired = false } = {}): TokenClaims | undefined {
    return this.policy.refresh.read(token, { ...this.checks(), ignoreExpiration: evenExpired });
  }

  private checks() {
    const { issuer, audience } = this.policy;
    return {
      now: numericDate(this.clock.now()),
      ...(issuer === undefined ? {} : { issuer }),
      ...(audience === undefined ? {} : { audience }),
    };
  }
}

/** As simplejwt makes it: a UUID's worth of randomness, 32 hex digits. */
export function newJti(): string {
  return randomBytes(16).toString('hex');
}

/** Whole seconds since 1970 (RFC 7519 section 2). */
export function numericDate(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}
