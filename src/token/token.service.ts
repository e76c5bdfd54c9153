import { Inject, Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { randomBytes, type KeyObject } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { addSeconds, Clock } from '../clock/clock';
import type { Transaction } from '../transaction/transaction';
import type { Session } from './session.entity';
import { TOKEN_POLICY, type TokenPolicy } from './token-policy';

export interface TokenPair {
  access: string;
  refresh: string;
}

/** JSON web tokens (RFC 7519) with the claims that simplejwt knows, and the sessions behind them. */
@Injectable()
export class TokenService {
  constructor(
    @Inject(TOKEN_POLICY) private readonly policy: TokenPolicy,
    private readonly jwt: JwtService,
    private readonly clock: Clock,
  ) {}

  /** Its tokens are signed after the commit, by `sign`: until then there is no session. */
  async openSession(transaction: Transaction, accountId: string): Promise<Session> {
    const now = this.clock.now();
    const session: Session = {
      id: uuidv7(),
      accountId,
      refreshJti: newJti(),
      createdAt: now,
      expiresAt: addSeconds(now, Math.min(this.policy.refreshIdleSeconds, this.policy.refreshMaxSeconds)),
      absoluteExpiresAt: addSeconds(now, this.policy.refreshMaxSeconds),
    };
    await transaction.execute(
      `INSERT INTO session (id, account_id, refresh_jti, created_at, expires_at, absolute_expires_at)
       VALUES (?, ?, ?, ?, ?, ?)`,
      [session.id, accountId, session.refreshJti, now, session.expiresAt, session.absoluteExpiresAt],
    );
    return session;
  }

  sign(session: Session): TokenPair {
    const accessEnd = addSeconds(this.clock.now(), this.policy.accessTtlSeconds);
    return {
      refresh: this.token('refresh', session, session.refreshJti, session.expiresAt, this.policy.refreshKey),
      access: this.token('access', session, newJti(), accessEnd, this.policy.accessKey),
    };
  }

  private token(type: 'access' | 'refresh', session: Session, jti: string, end: Date, key: KeyObject): string {
    const { issuer, audience } = this.policy;
    return this.jwt.sign(
      {
        token_type: type,
        exp: numericDate(end),
        iat: numericDate(this.clock.now()),
        jti,
        user_id: session.accountId,
        sub: session.accountId,
        sid: session.id,
        ...(issuer === undefined ? {} : { iss: issuer }),
        ...(audience === undefined ? {} : { aud: audience }),
      },
      { privateKey: key, algorithm: 'HS256' },
    );
  }
}

/** As simplejwt makes it: a UUID's worth of randomness, 32 hex digits. */
function newJti(): string {
  return randomBytes(16).toString('hex');
}

/** Whole seconds since 1970 (RFC 7519 section 2). */
function numericDate(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}
