import { Injectable } from '@nestjs/common';
import { IsNull, MoreThan } from 'typeorm';
import { validate as isUuid } from 'uuid';
import type { ClientInfo } from '../client/client-info';
import { Clock } from '../clock/clock';
import { NotFound } from '../error/refusal';
import { AuthEvents } from '../event/auth-events';
import type { Transaction } from '../transaction/transaction';
import { Transactions } from '../transaction/transactions';
import type { Caller } from './caller';
import { SessionState } from './session-state';
import { Session, type SessionEnd } from './session.entity';

/** The sessions of an account, as its owner sees and closes them. */
@Injectable()
export class SessionService {
  constructor(
    private readonly transactions: Transactions,
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
  async close({ accountId }: Caller, id: string): Promise<void> {
    // MySQL pads what it compares, and cannot compare other letters with an id at all.
    const closed =
      isUuid(id) && (await this.transactions.run((transaction) => this.end(transaction, accountId, id, 'closed')));
    if (!closed) throw new NotFound();
  }

  /** Closes every session of the caller but the one that is calling. */
  async closeOthers({ accountId, sessionId }: Caller): Promise<void> {
    await this.transactions.run((transaction) => this.endAll(transaction, accountId, 'closed', sessionId));
  }

  async recordStart(transaction: Transaction, session: Session, client: ClientInfo, phoneNumber?: string) {
    const { accountId, id: sessionId } = session;
    await this.events.record(transaction, { kind: 'signed_in', accountId, sessionId, phoneNumber, client });
  }

  async endAll(transaction: Transaction, accountId: string, why: SessionEnd, except = ''): Promise<void> {
    const { rows } = await transaction.execute<{ id: string }>(
      'SELECT id FROM session WHERE account_id = ? AND revoked_at IS NULL AND expires_at > ? AND id <> ?',
      [accountId, this.clock.now(), except],
    );
    for (const { id } of rows) await this.end(transaction, accountId, id, why);
  }

  /** @returns whether it was this call that ended it */
  async end(transaction: Transaction, accountId: string, id: string, why: SessionEnd): Promise<boolean> {
    const now = this.clock.now();
    const { affected } = await transaction.execute(
      `UPDATE session SET revoked_at = ?, revoked_why = ?
       WHERE id = ? AND account_id = ? AND revoked_at IS NULL AND expires_at > ?`,
      [now, why, id, accountId, now],
    );
    if (affected !== 1) return false;
    const kind = why === 'signed_out' || why === 'refresh_token_reused' ? why : 'session_closed';
    await this.events.record(transaction, { kind, accountId, sessionId: id });
    transaction.afterCommit(() => this.state.closed(id));
    return true;
  }
}
