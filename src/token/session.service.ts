import { Injectable } from '@nestjs/common';
import { IsNull, MoreThan } from 'typeorm';
import { validate as isUuid } from 'uuid';
import type { ClientInfo } from '../client/client-info';
import { Clock } from '../clock/clock';
import { NotFound, ServiceUnavailable } from '../error/refusal';
import { AuthEvents } from '../event/auth-events';
import type { Transaction } from '../transaction/transaction';
import { TransactionRunner } from '../transaction/transaction-runner';
import type { Caller } from './caller';
import { isLiveAt, SessionState } from './session-state';
import { Session, type SessionEnd } from './session.entity';

/** The sessions of an account, as its owner sees and closes them. */
@Injectable()
export class SessionService {
  constructor(
    private readonly transactions: TransactionRunner,
    private readonly state: SessionState,
    private readonly events: AuthEvents,
    private readonly clock: Clock,
  ) {}

  /** Live ones, newest first. */
  list(accountId: string): Promise<Session[]> {
    return this.transactions.run(({ manager }) =>
      manager.find(Session, {
        where: { accountId, revokedAt: IsNull(), expiresAt: MoreThan(this.clock.now()) },
        order: { createdAt: 'DESC', id: 'DESC' },
      }),
    );
  }

  /** @throws NotFound for a session that is not the caller's, or is over */
  async close({ accountId }: Caller, id: string, client: ClientInfo): Promise<void> {
    // MySQL pads what it compares, and cannot compare other letters with an id at all.
    if (!isUuid(id)) throw new NotFound();
    await this.transactions.run(async (transaction) => {
      if (!(await this.end(transaction, { accountId, sessionId: id }, 'closed', client))) throw new NotFound();
    });
  }

  /** Closes every session of the caller but the one that is calling. */
  async closeOthers({ accountId, sessionId }: Caller, client: ClientInfo): Promise<void> {
    await this.transactions.run((transaction) => this.endAll(transaction, accountId, 'closed', sessionId, client));
  }

  async recordStart(transaction: Transaction, session: Session, client: ClientInfo, phoneNumber?: string) {
    const { accountId, id: sessionId } = session;
    await this.events.record(transaction, { kind: 'signed_in', accountId, sessionId, phoneNumber, client });
  }

  async endAll(
    transaction: Transaction,
    accountId: string,
    why: SessionEnd,
    except = '',
    client?: ClientInfo,
  ): Promise<void> {
    const { rows } = await transaction.execute<{ id: string; revokedAt: unknown }>(
      'SELECT id, revoked_at AS revokedAt FROM session WHERE account_id = ? AND expires_at > ? AND id <> ?',
      [accountId, this.clock.now(), except],
    );
    for (const { id: sessionId, revokedAt } of rows) {
      if (revokedAt === null) await this.end(transaction, { accountId, sessionId }, why, client);
      // Another node closed it, perhaps for this very request, whose reply was lost.
      else transaction.afterCommit(() => this.state.closed({ accountId, sessionId }));
    }
  }

  /**
   * @returns true if this call ended it, false if it was over before or there is no such session
   * @throws ServiceUnavailable if it lives on
   */
  async end(transaction: Transaction, session: Caller, why: SessionEnd, client?: ClientInfo): Promise<boolean> {
    const { accountId, sessionId } = session;
    const now = this.clock.now();
    const { affected } = await transaction.execute(
      `UPDATE session SET revoked_at = ?, revoked_why = ?
       WHERE id = ? AND account_id = ? AND revoked_at IS NULL AND expires_at > ?`,
      [now, why, sessionId, accountId, now],
    );
    if (affected !== 1) {
      await this.confirmOver(transaction, session);
      return false;
    }
    const kind = why === 'signed_out' || why === 'refresh_token_reused' ? why : 'session_closed';
    await this.events.record(transaction, { kind, accountId, sessionId, client });
    transaction.afterCommit(() => this.state.closed(session));
    return true;
  }

  /**
   * An update that matched no row proves nothing on a node of a cluster that lags behind. Before anything is said of
   * the session, the row is read again, with its lock.
   * @throws ServiceUnavailable if the session is live after all
   */
  private async confirmOver(transaction: Transaction, { accountId, sessionId }: Caller): Promise<void> {
    const session = await transaction.manager.findOne(Session, {
      where: { id: sessionId, accountId },
      ...(transaction.locksRows ? { lock: { mode: 'pessimistic_write' } } : {}),
    });
    if (session === null) return;
    if (isLiveAt(session, this.clock.now())) throw new ServiceUnavailable();
    transaction.afterCommit(() => this.state.learn(session));
  }
}
