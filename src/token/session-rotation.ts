import { Inject, Injectable } from '@nestjs/common';
import type { ClientInfo } from '../client/client-info';
import { addSeconds, Clock } from '../clock/clock';
import { TokenNotValid } from '../error/refusal';
import type { Transaction } from '../transaction/transaction';
import { isLiveAt, SessionState } from './session-state';
import { Session } from './session.entity';
import { SessionService } from './session.service';
import { TOKEN_POLICY, type TokenPolicy } from './token-policy';
import type { TokenClaims } from './token-ring';
import { newJti, numericDate } from './tokens';

/**
 * Renews sessions. A refresh token has one successor, which is the same bytes however often it is asked for, until
 * that successor is used. Any older token was copied, or its owner's was (RFC 9700 section 4.14).
 */
@Injectable()
export class SessionRotation {
  constructor(
    @Inject(TOKEN_POLICY) private readonly policy: TokenPolicy,
    private readonly sessions: SessionService,
    private readonly state: SessionState,
    private readonly clock: Clock,
  ) {}

  /**
   * Uses a refresh token; for an old one it closes the session.
   * @returns the session whose refresh token is the successor
   * @throws TokenNotValid if there is none
   */
  async rotate(
    transaction: Transaction,
    { sid: sessionId, sub: accountId, jti, iat }: TokenClaims,
    client: ClientInfo,
  ): Promise<Session> {
    const now = this.clock.now();
    const idleEnd = addSeconds(now, this.policy.refreshIdleSeconds);
    // `previous_jti` first: MySQL assigns from left to right.
    const { affected } = await transaction.execute(
      `UPDATE session SET previous_jti = refresh_jti, refresh_jti = ?, rotated_at = ?,
         expires_at = CASE WHEN absolute_expires_at < ? THEN absolute_expires_at ELSE ? END, ip = ?, user_agent = ?
       WHERE id = ? AND account_id = ? AND refresh_jti = ? AND revoked_at IS NULL AND expires_at > ?`,
      [newJti(), now, idleEnd, idleEnd, client.ip, client.userAgent, sessionId, accountId, jti, now],
    );
    const session = await transaction.manager.findOneBy(Session, { id: sessionId, accountId });
    if (session === null) throw new TokenNotValid();
    transaction.afterCommit(() => this.state.learn(session));
    if (!isLiveAt(session, now)) throw new TokenNotValid();
    if (affected === 1 || isUsable(session, jti)) return session;
    // A token that is newer than its row is no theft: the database was restored.
    const isOld = iat <= numericDate(session.rotatedAt);
    if (isOld) await this.sessions.end(transaction, { accountId, sessionId }, 'refresh_token_reused', client);
    throw new TokenNotValid();
  }

  /** @returns whether `rotate` would answer this token with a successor */
  async wouldRotate(transaction: Transaction, { sid: id, sub: accountId, jti }: TokenClaims): Promise<boolean> {
    const session = await transaction.manager.findOneBy(Session, { id, accountId });
    return session !== null && isLiveAt(session, this.clock.now()) && isUsable(session, jti);
  }
}

/** The current token, and the one before it for as long as the current one is not used: that makes it the third. */
function isUsable({ refreshJti, previousJti }: Session, jti: string): boolean {
  return jti === refreshJti || jti === previousJti;
}
