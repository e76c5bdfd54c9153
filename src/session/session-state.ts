import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Clock } from '../clock/clock';
import { TransactionRunner } from '../transaction/transaction-runner';
import type { Caller } from './caller';
import type { Session } from './session.entity';
import { SessionRepository } from './session.repository';

/** A session closed on one node is known to the others within 5 s; this leaves time for the question itself. */
const lifeMilliseconds = 4_000;
const maxRemembered = 10_000;

/** `closed` is final. A live session is remembered for a moment. A missing or expired one is asked for again. */
type Remembered = 'closed' | { expiresAt: Date; askedAt: number };

/**
 * Says whether a session of an account is live, without a query at each call with an access token.
 *
 * A row that is missing is no end: a replica may not have it yet. Only a signed token gets here, so that asking again
 * costs one read by primary key and no more.
 */
@Injectable()
export class SessionState {
  private readonly remembered = new LRUCache<string, Remembered>({ max: maxRemembered });

  constructor(
    private readonly transactions: TransactionRunner,
    private readonly repository: SessionRepository,
    private readonly clock: Clock,
  ) {}

  /** @returns false also for a session of another account */
  async isLive(caller: Caller): Promise<boolean> {
    const key = keyOf(caller);
    const now = this.clock.now();
    // A clock that is set back must not keep a session alive here that another node has closed.
    const askedAt = this.clock.monotonicMilliseconds();
    const known = this.remembered.get(key);
    if (known === 'closed') return false;
    if (known && known.expiresAt > now && askedAt - known.askedAt < lifeMilliseconds) return true;
    const session = await this.transactions.read((transaction) => this.repository.find(transaction, caller));
    // What was closed here while the database was asked stays closed.
    if (session === null || this.remembered.get(key) === 'closed') return false;
    this.learn(session);
    if (!isLiveAt(session, now)) return false;
    this.remembered.set(key, { expiresAt: session.expiresAt, askedAt });
    return true;
  }

  /** Takes note of a session's end, wherever it was closed. */
  learn({ accountId, id: sessionId, revokedAt }: Session): void {
    if (revokedAt !== null) this.closed({ accountId, sessionId });
  }

  /** Call it after the commit: from now on the session's access tokens are refused here. */
  closed(caller: Caller): void {
    this.remembered.set(keyOf(caller), 'closed');
  }
}

export function isLiveAt({ revokedAt, expiresAt }: Session, now: Date): boolean {
  return revokedAt === null && expiresAt > now;
}

function keyOf({ accountId, sessionId }: Caller): string {
  return `${accountId} ${sessionId}`;
}
