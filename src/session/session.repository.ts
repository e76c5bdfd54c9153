import { Injectable } from '@nestjs/common';
import { In, IsNull, MoreThan } from 'typeorm';
import type { Join } from '../transaction/join';
import type { Transaction } from '../transaction/transaction';
import type { Caller } from './caller';
import { Session, type SessionEnd } from './session.entity';

/** What a rotation writes. */
export interface Rotation {
  /** `jti` of the token that is used. */
  jti: string;
  /** `jti` of its successor. */
  nextJti: string;
  now: Date;
  /** The end if the session is not used again; its absolute end may come first. */
  idleEnd: Date;
  ip: string;
  userAgent: string;
}

/** For a statement that knows `account`: the session with that id, if it is the account's and live, as `alias`. */
export function liveSession(alias: string, id: string, now: Date): Required<Pick<Join, 'from' | 'values'>> {
  return {
    from: `LEFT JOIN session AS ${alias} ON ${alias}.id = ? AND ${alias}.account_id = account.id
      AND ${alias}.revoked_at IS NULL AND ${alias}.expires_at > ?`,
    values: [id, now],
  };
}

/**
 * Every statement on the table `session`. A session is looked up with its account: the two that a token names must be one
 * row's. Guarded updates decide races, over all nodes.
 */
@Injectable()
export class SessionRepository {
  async open(transaction: Transaction, session: Session): Promise<void> {
    await transaction.insert(Session, session);
  }

  /**
   * Opens a session if its account has room for it. The count is exact for a caller that holds a lock on the account's row:
   * at READ COMMITTED a statement sees all that was committed before it began.
   * @param most live sessions that the account can have
   * @returns false, with nothing changed, if it has as many
   */
  openIfRoom(transaction: Transaction, session: Session, most: number): Promise<boolean> {
    const live = 'SELECT COUNT(*) FROM session WHERE account_id = ? AND revoked_at IS NULL AND expires_at > ?';
    const values = [session.accountId, session.createdAt, most];
    return transaction.insertIf(Session, session, { where: `(${live}) < ?`, values });
  }

  /** @returns whether the session is live, and `jti` was that of its current refresh token: only then it is replaced */
  async rotate(
    transaction: Transaction,
    { accountId, sessionId }: Caller,
    { jti, nextJti, now, idleEnd, ip, userAgent }: Rotation,
  ): Promise<boolean> {
    // `previous_jti` first: MySQL assigns from left to right.
    const { affected } = await transaction.execute(
      `UPDATE session SET previous_jti = refresh_jti, refresh_jti = ?, rotated_at = ?,
         expires_at = CASE WHEN absolute_expires_at < ? THEN absolute_expires_at ELSE ? END, ip = ?, user_agent = ?
       WHERE id = ? AND account_id = ? AND refresh_jti = ? AND revoked_at IS NULL AND expires_at > ?`,
      [nextJti, now, idleEnd, idleEnd, ip, userAgent, sessionId, accountId, jti, now],
    );
    return affected === 1;
  }

  /** @returns whether it was live, and this call ended it */
  async end(transaction: Transaction, { accountId, sessionId }: Caller, why: SessionEnd, now: Date): Promise<boolean> {
    const { affected } = await transaction.execute(
      `UPDATE session SET revoked_at = ?, revoked_why = ?
       WHERE id = ? AND account_id = ? AND revoked_at IS NULL AND expires_at > ?`,
      [now, why, sessionId, accountId, now],
    );
    return affected === 1;
  }

  /**
   * Counts how often the session's `Idempotency-Key` came with another code.
   * @param added 1, or 0 to check only, by the same statement
   * @returns whether the count was below `limit`; otherwise it stays
   */
  async countMismatch(
    transaction: Transaction,
    { accountId, id }: Session,
    added: 0 | 1,
    limit: number,
  ): Promise<boolean> {
    const { affected } = await transaction.execute(
      `UPDATE session SET idempotency_mismatches = idempotency_mismatches + ?
       WHERE id = ? AND account_id = ? AND idempotency_mismatches < ?`,
      [added, id, accountId, limit],
    );
    return affected === 1;
  }

  /** @param options `lock` waits for other writers of the row, and then reads what was committed */
  find(transaction: Transaction, { accountId, sessionId }: Caller, { lock = false } = {}): Promise<Session | null> {
    const where = { id: sessionId, accountId };
    if (!lock || !transaction.locksRows) return transaction.findOne(Session, where);
    return transaction.manager.findOne(Session, { where, lock: { mode: 'pessimistic_write' } });
  }

  /** @param importedJti of the refresh token of the former stack that the session was exchanged for */
  findImported({ manager }: Transaction, accountId: string, importedJti: string): Promise<Session | null> {
    return manager.findOneBy(Session, { importedJti, accountId });
  }

  /**
   * @param keys keyed hashes of an `Idempotency-Key` and its number, so that they name an account, too
   * @returns the newest session that was opened with one of them after `since`
   */
  findByIdempotencyKey({ manager }: Transaction, keys: string[], since: Date): Promise<Session | null> {
    return manager.findOne(Session, {
      where: { idempotencyKey: In(keys), createdAt: MoreThan(since) },
      order: { createdAt: 'DESC' },
    });
  }

  /** @returns the live sessions of an account, newest first */
  list({ manager }: Transaction, accountId: string, now: Date): Promise<Session[]> {
    return manager.find(Session, {
      where: { accountId, revokedAt: IsNull(), expiresAt: MoreThan(now) },
      order: { createdAt: 'DESC', id: 'DESC' },
    });
  }

  /** @returns the ids of live sessions but for the newest ones, as many as are `kept` */
  async listAllBut(transaction: Transaction, accountId: string, kept: number, now: Date): Promise<string[]> {
    const { rows } = await transaction.execute<{ id: string }>(
      `SELECT id FROM session WHERE account_id = ? AND revoked_at IS NULL AND expires_at > ?
       ORDER BY created_at DESC, id DESC LIMIT 100 OFFSET ${kept}`,
      [accountId, now],
    );
    return rows.map(({ id }) => id);
  }

  /** @returns the sessions whose access tokens may be in use: live ones, and those that were ended a while ago */
  async listUnexpired(
    transaction: Transaction,
    accountId: string,
    now: Date,
  ): Promise<{ id: string; isEnded: boolean }[]> {
    const { rows } = await transaction.execute<{ id: string; revokedAt: unknown }>(
      'SELECT id, revoked_at AS revokedAt FROM session WHERE account_id = ? AND expires_at > ?',
      [accountId, now],
    );
    return rows.map(({ id, revokedAt }) => ({ id, isEnded: revokedAt !== null }));
  }

  /**
   * Whether a session of the account, live or not, was opened or refreshed after `since`. Every session's row is locked until
   * the transaction ends: a refresh that came first has committed and is seen, and a later one waits. No condition on the
   * time in `WHERE`: at READ COMMITTED InnoDB may unlock rows that do not match.
   */
  async isUsedSince(transaction: Transaction, accountId: string, since: Date): Promise<boolean> {
    const locking = transaction.locksRows ? ' FOR UPDATE' : '';
    const { rows } = await transaction.execute<{ isUsed: number | null }>(
      `SELECT MAX(rotated_at > ?) AS isUsed FROM session WHERE account_id = ?${locking}`,
      [since, accountId],
    );
    return rows[0]?.isUsed === 1;
  }

  async deleteAll({ manager }: Transaction, accountId: string): Promise<void> {
    await manager.delete(Session, { accountId });
  }
}
