import { Injectable } from '@nestjs/common';
import { validate as isUuid, v7 as uuidv7 } from 'uuid';
import type { ClientInfo } from '../client/client-info';
import { addSeconds, Clock } from '../clock/clock';
import { IdempotencyKeyReused, NotFound, ServiceUnavailable, TokenNotValid } from '../error/refusal';
import { AuthEvents } from '../event/auth-events';
import { newJti, numericDate, type TokenClaims } from '../token/token.service';
import type { Transaction } from '../transaction/transaction';
import { TransactionRunner } from '../transaction/transaction-runner';
import { callerOf, type Caller } from './caller';
import { lifeSeconds, type IdempotentRequest } from './idempotency';
import { SessionPolicy } from './session-policy';
import { isLiveAt, SessionState } from './session-state';
import type { Session, SessionEnd } from './session.entity';
import { SessionRepository } from './session.repository';

/** How often the key of a sign-in may come with another code before it gets the session no more. */
const maxMismatches = 5;

/** How a session begins. */
export interface SessionStart {
  /** As `newSessionId` makes it. */
  id: string;
  accountId: string;
  newMember: boolean;
  client: ClientInfo;
  /** E.164, where it has just proved itself. */
  phoneNumber?: string;
  idempotency?: IdempotentRequest;
  importedJti?: string;
}

/** @returns a UUIDv7 */
export const newSessionId = () => uuidv7();

/** The life of sessions: opened at a sign-in, renewed by rotation, listed, and ended. */
@Injectable()
export class SessionService {
  constructor(
    private readonly transactions: TransactionRunner,
    private readonly repository: SessionRepository,
    private readonly policy: SessionPolicy,
    private readonly state: SessionState,
    private readonly events: AuthEvents,
    private readonly clock: Clock,
  ) {}

  /**
   * Opens a session; the oldest ones make room. The caller holds a lock on the account's row, so that their count is
   * exact. Tokens are signed after the commit: until then there is no session.
   */
  async open(transaction: Transaction, start: SessionStart): Promise<Session> {
    const { id, accountId, newMember, client, phoneNumber, idempotency, importedJti = null } = start;
    const now = this.clock.now();
    const { idleSeconds, maxSeconds } = this.policy;
    const session: Session = {
      id,
      accountId,
      refreshJti: newJti(),
      previousJti: null,
      createdAt: now,
      rotatedAt: now,
      expiresAt: addSeconds(now, Math.min(idleSeconds, maxSeconds)),
      absoluteExpiresAt: addSeconds(now, maxSeconds),
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
    await this.insert(transaction, session);
    await this.events.record(transaction, { kind: 'signed_in', accountId, sessionId: session.id, phoneNumber, client });
    return session;
  }

  /**
   * Uses a refresh token. It has one successor, which is the same bytes however often it is asked for, until that
   * successor is used. Any older token was copied, or its owner's was (RFC 9700 section 4.14): it ends the session.
   * @returns the session whose refresh token is the successor
   * @throws TokenNotValid if there is none
   */
  async rotate(transaction: Transaction, claims: TokenClaims, client: ClientInfo): Promise<Session> {
    const { jti, iat } = claims;
    const named = callerOf(claims);
    const now = this.clock.now();
    const idleEnd = addSeconds(now, this.policy.idleSeconds);
    const rotation = { jti, nextJti: newJti(), now, idleEnd, ip: client.ip, userAgent: client.userAgent };
    const rotated = await this.repository.rotate(transaction, named, rotation);
    const session = await this.repository.find(transaction, named);
    if (session === null) throw new TokenNotValid();
    transaction.afterCommit(() => this.state.learn(session));
    if (!isLiveAt(session, now)) throw new TokenNotValid();
    if (rotated || isUsable(session, jti)) return session;
    // A token that is newer than its row is no theft: the database was restored.
    const isOld = iat <= numericDate(session.rotatedAt);
    if (isOld) await this.end(transaction, named, 'refresh_token_reused', client);
    throw new TokenNotValid();
  }

  /** @returns whether `rotate` would answer this token with a successor */
  async wouldRotate(transaction: Transaction, claims: TokenClaims): Promise<boolean> {
    const session = await this.repository.find(transaction, callerOf(claims));
    return session !== null && isLiveAt(session, this.clock.now()) && isUsable(session, claims.jti);
  }

  /**
   * Finds what an equal sign-in opened. Its key may be known to others, and the session is as good as its code: mismatches
   * are counted in one guarded update, whatever runs beside it, and after five of them the right code gets nothing either.
   * @param onReuse what the same key with another code costs, beside the refusal
   * @returns the session, unless it has ended; undefined if there is none
   * @throws IdempotencyKeyReused if the key came with another code
   */
  async earlier(
    transaction: Transaction,
    { bodies }: IdempotentRequest,
    onReuse?: () => Promise<void>,
  ): Promise<Session | undefined> {
    const since = addSeconds(this.clock.now(), -lifeSeconds);
    const session = await this.repository.findByIdempotencyKey(transaction, [...bodies.keys()], since);
    if (session === null) return undefined;
    const isSame = session.idempotencyBody === bodies.get(session.idempotencyKey!);
    const isBelowLimit = await this.repository.countMismatch(transaction, session, isSame ? 0 : 1, maxMismatches);
    if (!isSame || !isBelowLimit) {
      await onReuse?.();
      throw new IdempotencyKeyReused();
    }
    return session.revokedAt === null ? session : undefined;
  }

  /**
   * Asked of the database, as another node may have ended it a moment ago.
   * @returns undefined unless the session is live
   */
  async findLive(transaction: Transaction, caller: Caller): Promise<Session | undefined> {
    const session = await this.repository.find(transaction, caller);
    return session !== null && isLiveAt(session, this.clock.now()) ? session : undefined;
  }

  /**
   * @param importedJti of the refresh token of the former stack that the session was exchanged for
   * @param options `live` for a session that is not over
   * @returns undefined if there is none
   */
  async findImported(
    transaction: Transaction,
    accountId: string,
    importedJti: string,
    { live = false } = {},
  ): Promise<Session | undefined> {
    const session = await this.repository.findImported(transaction, accountId, importedJti);
    if (session === null || (live && !isLiveAt(session, this.clock.now()))) return undefined;
    return session;
  }

  /** @returns the live sessions of an account, newest first */
  list(accountId: string): Promise<Session[]> {
    return this.transactions.read((transaction) => this.repository.list(transaction, accountId, this.clock.now()));
  }

  /**
   * Whether an account was signed in or refreshed after `since`. The caller holds a lock on the account's row, and from now
   * on its sessions are locked, too: no refresh commits between the answer and the end of the transaction.
   */
  isUsedSince(transaction: Transaction, accountId: string, since: Date): Promise<boolean> {
    return this.repository.isUsedSince(transaction, accountId, since);
  }

  /**
   * Ends one session of the caller's account.
   * @throws NotFound for a session that is not the caller's, or is over
   */
  async close({ accountId }: Caller, id: string, client: ClientInfo): Promise<void> {
    // MySQL pads what it compares, and cannot compare other letters with an id at all.
    if (!isUuid(id)) throw new NotFound();
    await this.transactions.run(async (transaction) => {
      if (!(await this.end(transaction, { accountId, sessionId: id }, 'closed', client))) throw new NotFound();
    });
  }

  /** Ends every session of the caller's account but the one that is calling. */
  async closeOthers({ accountId, sessionId }: Caller, client: ClientInfo): Promise<void> {
    await this.transactions.run((transaction) => this.endAll(transaction, accountId, 'closed', sessionId, client));
  }

  /** Ends a session for its owner; doing it again changes nothing. */
  async signOut(session: Caller, client: ClientInfo): Promise<void> {
    await this.transactions.run((transaction) => this.end(transaction, session, 'signed_out', client));
    // Also for a session that is missing, which `end` does not take for closed.
    this.state.closed(session);
  }

  /**
   * Ends the sessions of an account.
   * @param except the id of one that lives on
   */
  async endAll(
    transaction: Transaction,
    accountId: string,
    why: SessionEnd,
    except?: string,
    client?: ClientInfo,
  ): Promise<void> {
    for (const { id, isEnded } of await this.repository.listUnexpired(transaction, accountId, this.clock.now())) {
      if (id === except) continue;
      const session = { accountId, sessionId: id };
      if (!isEnded) await this.end(transaction, session, why, client);
      // Another node closed it, perhaps for this very request, whose reply was lost.
      else transaction.afterCommit(() => this.state.closed(session));
    }
  }

  /**
   * @returns true if this call ended it, false if it was over before or there is no such session
   * @throws ServiceUnavailable if it lives on
   */
  async end(transaction: Transaction, session: Caller, why: SessionEnd, client?: ClientInfo): Promise<boolean> {
    if (!(await this.repository.end(transaction, session, why, this.clock.now()))) {
      await this.confirmOver(transaction, session);
      return false;
    }
    const kind = why === 'signed_out' || why === 'refresh_token_reused' ? why : 'session_closed';
    await this.events.record(transaction, { kind, ...session, client });
    transaction.afterCommit(() => this.state.closed(session));
    return true;
  }

  /** Ends the sessions of an account that is deleted, and keeps nothing of them. */
  async forget(transaction: Transaction, accountId: string): Promise<void> {
    await this.endAll(transaction, accountId, 'closed');
    await this.repository.deleteAll(transaction, accountId);
  }

  /**
   * An update that matched no row proves nothing on a node of a cluster that lags behind. Before anything is said of
   * the session, the row is read again, with its lock.
   * @throws ServiceUnavailable if the session is live after all
   */
  private async confirmOver(transaction: Transaction, caller: Caller): Promise<void> {
    const session = await this.repository.find(transaction, caller, { lock: true });
    if (session === null) return;
    if (isLiveAt(session, this.clock.now())) throw new ServiceUnavailable();
    transaction.afterCommit(() => this.state.learn(session));
  }

  private async insert(transaction: Transaction, session: Session): Promise<void> {
    // An account that was made just now has no other session.
    if (!session.newMember) {
      if (await this.repository.openIfRoom(transaction, session, this.policy.maxSessions)) return;
      await this.makeRoom(transaction, session.accountId);
    }
    await this.repository.open(transaction, session);
  }

  /** Closes what is over the count, the oldest first, so that one more fits. */
  private async makeRoom(transaction: Transaction, accountId: string): Promise<void> {
    const kept = this.policy.maxSessions - 1;
    const surplus = await this.repository.listAllBut(transaction, accountId, kept, this.clock.now());
    for (const sessionId of surplus) await this.end(transaction, { accountId, sessionId }, 'too_many');
  }
}

/** The current token, and the one before it for as long as the current one is not used: that makes it the third. */
function isUsable({ refreshJti, previousJti }: Session, jti: string): boolean {
  return jti === refreshJti || jti === previousJti;
}
