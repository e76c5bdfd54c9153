import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { IsNull, MoreThan } from 'typeorm';
import { Clock } from '../clock/clock';
import { Transactions } from '../transaction/transactions';
import { Session } from './session.entity';

/** A session closed on one node is known to the others within 5 s; this leaves time for the question itself. */
const lifeMilliseconds = 4_000;
const mostRemembered = 10_000;

/** Whether sessions are live, remembered for a moment, so that a call with an access token is not a query each time. */
@Injectable()
export class SessionState {
  private readonly remembered = new LRUCache<string, { live: boolean; askedAt: number }>({ max: mostRemembered });

  constructor(
    private readonly transactions: Transactions,
    private readonly clock: Clock,
  ) {}

  async isLive(id: string): Promise<boolean> {
    const now = this.clock.now();
    const known = this.remembered.get(id);
    if (known && (!known.live || now.getTime() - known.askedAt < lifeMilliseconds)) return known.live;
    const live = await this.transactions.run(({ manager }) =>
      manager.existsBy(Session, { id, revokedAt: IsNull(), expiresAt: MoreThan(now) }),
    );
    // What was closed here while the database was asked stays closed.
    if (this.remembered.get(id)?.live === false) return false;
    this.remembered.set(id, { live, askedAt: now.getTime() });
    return live;
  }

  /** To be told after the commit: from now on the session's access tokens are refused here. */
  closed(id: string): void {
    this.remembered.set(id, { live: false, askedAt: 0 });
  }
}
