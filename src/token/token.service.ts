import { Inject, Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import type { ClientInfo } from '../client/client-info';
import { addSeconds, Clock } from '../clock/clock';
import { TokenNotValid } from '../error/refusal';
import type { Transaction } from '../transaction/transaction';
import { TransactionRunner } from '../transaction/transaction-runner';
import type { AccountClaimValues, AccountSource } from './account-source';
import type { Caller } from './caller';
import { SessionRotation } from './session-rotation';
import { isLiveAt, SessionState } from './session-state';
import { Session } from './session.entity';
import { SessionService } from './session.service';
import { SIMPLEJWT_TOKENS, type ForeignToken, type SimplejwtTokens } from './simplejwt-tokens';
import { SpentForeignTokens } from './spent-foreign-tokens';
import { mostSessions, TOKEN_POLICY, type TokenPolicy } from './token-policy';
import { newJti, numericDate, Tokens, type TokenPair } from './tokens';

/** How a session begins. */
export interface SessionStart {
  accountId: string;
  newMember: boolean;
  client: ClientInfo;
  /** E.164, where it has just proved itself. */
  phoneNumber?: string;
  idempotency?: { key: string; body: string };
  importedJti?: string;
}

/** The life of tokens: opened with a session, renewed by rotation, checked, and closed. */
@Injectable()
export class TokenService {
  private accounts?: AccountSource;

  constructor(
    @Inject(TOKEN_POLICY) private readonly policy: TokenPolicy,
    private readonly tokens: Tokens,
    private readonly sessions: SessionService,
    private readonly rotation: SessionRotation,
    private readonly spent: SpentForeignTokens,
    private readonly state: SessionState,
    private readonly transactions: TransactionRunner,
    private readonly clock: Clock,
    @Inject(SIMPLEJWT_TOKENS) private readonly simplejwt: SimplejwtTokens | undefined,
  ) {}

  /** Accounts are above this room: whoever keeps them says here how to ask for what tokens tell of one. */
  takeAccountsFrom(accounts: AccountSource): void {
    this.accounts = accounts;
  }

  /**
   * Its tokens are signed after the commit, by `pairOf`: until then there is no session. The caller holds a lock on
   * the account's row, so that the count of sessions is exact.
   */
  async openSession(transaction: Transaction, start: SessionStart): Promise<Session> {
    const { accountId, newMember, client, idempotency, importedJti = null } = start;
    await this.makeRoom(transaction, accountId);
    const now = this.clock.now();
    const { refreshIdleSeconds, refreshMaxSeconds } = this.policy;
    const session: Session = {
      id: uuidv7(),
      accountId,
      refreshJti: newJti(),
      previousJti: null,
      createdAt: now,
      rotatedAt: now,
      expiresAt: addSeconds(now, Math.min(refreshIdleSeconds, refreshMaxSeconds)),
      absoluteExpiresAt: addSeconds(now, refreshMaxSeconds),
      revokedAt: null,
      revokedWhy: null,
      newMember,
      ip: client.ip,
      userAgent: client.userAgent,
      idempotencyKey: idempotency?.key ?? null,
      idempotencyBody: idempotency?.body ?? null,
      idempotencyMismatches: 0,
      importedJti,
    };
    await transaction.execute(
      `INSERT INTO session (id, account_id, refresh_jti, created_at, rotated_at, expires_at, absolute_expires_at,
         new_member, ip, user_agent, idempotency_key, idempotency_body, imported_jti)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        ...[session.id, accountId, session.refreshJti, now, now, session.expiresAt, session.absoluteExpiresAt],
        ...[newMember ? 1 : 0, client.ip, client.userAgent],
        ...[session.idempotencyKey, session.idempotencyBody, importedJti],
      ],
    );
    await this.sessions.recordStart(transaction, session, client, start.phoneNumber);
    return session;
  }

  /** @param known what the caller has of the account already */
  async pairOf(session: Session, known?: AccountClaimValues): Promise<TokenPair> {
    const { accountClaims } = this.policy;
    if (accountClaims.length === 0) return this.tokens.sign(session, {});
    const account = known ?? (await this.accounts?.valuesOf(session.accountId));
    if (account === undefined) throw new TokenNotValid();
    // New is who has just signed in, also when the reply is repeated, and nobody who has refreshed since.
    const values = { ...account, new_member: session.newMember && session.previousJti === null };
    return this.tokens.sign(session, Object.fromEntries(accountClaims.map((claim) => [claim, values[claim]])));
  }

  /**
   * Trades a refresh token for a new pair. The token before the current one gets the same successor until that is used;
   * any older one is theft (RFC 9700 section 4.14), and its session is closed.
   * @throws TokenNotValid
   */
  async refresh(token: string, client: ClientInfo): Promise<TokenPair> {
    const claims = this.tokens.readRefresh(token);
    if (claims === undefined) return this.pairOf(await this.exchange(token, client));
    return this.pairOf(await this.transactions.run((transaction) => this.rotation.rotate(transaction, claims, client)));
  }

  /** @throws TokenNotValid unless it is an access token of a live session, or a refresh token that could be used now */
  async verify(token: string): Promise<void> {
    if ((await this.callerOf(token)) !== undefined) return;
    const claims = this.tokens.readRefresh(token);
    const usable =
      claims && (await this.transactions.run((transaction) => this.rotation.wouldRotate(transaction, claims)));
    if (!usable) throw new TokenNotValid();
  }

  /**
   * Sign out. Any refresh token of the session will do, an old or expired one too; doing it again changes nothing.
   * @throws TokenNotValid for what was never a refresh token of ours
   */
  async blacklist(token: string, client: ClientInfo): Promise<void> {
    const claims = this.tokens.readRefresh(token, { evenExpired: true });
    if (claims === undefined) return this.blacklistForeign(token, client);
    const session = { accountId: claims.sub, sessionId: claims.sid };
    await this.transactions.run((transaction) => this.sessions.end(transaction, session, 'signed_out', client));
    // Also for a session that is missing, which `end` does not take for closed.
    this.state.closed(session);
  }

  /**
   * @param evenEnded for a caller whose session is looked at later
   * @returns undefined unless it is a valid access token of a session that is live
   */
  async callerOf(token: string, { evenEnded = false } = {}): Promise<Caller | undefined> {
    const claims = this.tokens.readAccess(token);
    if (claims === undefined) return undefined;
    const caller = { accountId: claims.sub, sessionId: claims.sid };
    return evenEnded || (await this.state.isLive(caller)) ? caller : undefined;
  }

  /**
   * A refresh token of the former stack opens one session. Until the session's own refresh token is used, it gets that
   * again; after that its use is theft.
   * @throws TokenNotValid
   */
  private async exchange(token: string, client: ClientInfo): Promise<Session> {
    const foreign = this.readForeign(token);
    return this.transactions.run(async (transaction) => {
      const accountId = await this.accounts?.findImported(transaction, foreign.userId);
      if (accountId === undefined) throw new TokenNotValid();
      return (await this.spent.spend(transaction, foreign))
        ? this.openImported(transaction, foreign, client)
        : this.reopenImported(transaction, accountId, foreign, client);
    });
  }

  /** @throws TokenNotValid if the account was deleted meanwhile: the token stays unspent */
  private async openImported(
    transaction: Transaction,
    { userId, jti: importedJti }: ForeignToken,
    client: ClientInfo,
  ): Promise<Session> {
    const accountId = await this.accounts?.enterImported(transaction, userId);
    if (accountId === undefined) throw transaction.rollingBack(new TokenNotValid());
    return this.openSession(transaction, { accountId, newMember: false, client, importedJti });
  }

  private async reopenImported(
    transaction: Transaction,
    accountId: string,
    { jti: importedJti }: ForeignToken,
    client: ClientInfo,
  ): Promise<Session> {
    const session = await transaction.manager.findOneBy(Session, { importedJti, accountId });
    if (session === null || !isLiveAt(session, this.clock.now())) throw new TokenNotValid();
    if (session.previousJti === null) return session;
    await this.sessions.end(transaction, { accountId, sessionId: session.id }, 'refresh_token_reused', client);
    throw new TokenNotValid();
  }

  /**
   * Signs out by a token of the former stack: it can never be exchanged, and the session that it opened is closed.
   * @throws TokenNotValid unless it was used before, or is of a user who was brought over
   */
  private async blacklistForeign(token: string, client: ClientInfo): Promise<void> {
    const foreign = this.readForeign(token, { evenExpired: true });
    await this.transactions.run(async (transaction) => {
      const accountId = await this.accounts?.findImported(transaction, foreign.userId);
      const isKnown = accountId !== undefined || (await this.spent.isSpent(transaction, foreign));
      if (!isKnown) throw new TokenNotValid();
      if (accountId === undefined || (await this.spent.spend(transaction, foreign))) return;
      const session = await transaction.manager.findOneBy(Session, { importedJti: foreign.jti, accountId });
      if (session !== null)
        await this.sessions.end(transaction, { accountId, sessionId: session.id }, 'signed_out', client);
    });
  }

  /** @throws TokenNotValid */
  private readForeign(token: string, options?: { evenExpired: boolean }): ForeignToken {
    const foreign = this.simplejwt?.read(token, numericDate(this.clock.now()), options);
    if (foreign === undefined) throw new TokenNotValid();
    return foreign;
  }

  /** Closes what is over the count, the oldest first, so that one more fits. */
  private async makeRoom(transaction: Transaction, accountId: string): Promise<void> {
    const { rows } = await transaction.execute<{ id: string }>(
      `SELECT id FROM session WHERE account_id = ? AND revoked_at IS NULL AND expires_at > ?
       ORDER BY created_at DESC, id DESC LIMIT 100 OFFSET ${mostSessions - 1}`,
      [accountId, this.clock.now()],
    );
    for (const { id } of rows) await this.sessions.end(transaction, { accountId, sessionId: id }, 'too_many');
  }
}
