import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import type { ClientInfo } from '../client/client-info';
import { Clock } from '../clock/clock';
import { Pseudonyms } from '../key/pseudonyms';
import { Log } from '../log/log';
import type { Transaction } from '../transaction/transaction';
import { AuthEvent, type AuthEventKind } from './auth-event.entity';

export interface NewAuthEvent {
  kind: AuthEventKind;
  accountId: string;
  sessionId?: string;
  /** E.164; kept as a keyed hash. */
  phoneNumber?: string;
  client?: ClientInfo;
}

/** Sign-in events: written in the transaction of what happened, logged, and read by the account's owner. */
@Injectable()
export class AuthEvents {
  constructor(
    private readonly pseudonyms: Pseudonyms,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** Writes an event, which is logged once the transaction has committed. */
  async record(transaction: Transaction, event: NewAuthEvent): Promise<void> {
    const { kind, accountId, sessionId = null, phoneNumber, client } = event;
    const phonePseudonym = phoneNumber === undefined ? null : this.pseudonyms.of(phoneNumber);
    await transaction.insert(AuthEvent, {
      id: uuidv7(),
      accountId,
      kind,
      at: this.clock.now(),
      sessionId,
      phonePseudonym,
      ip: client?.ip ?? '',
      userAgent: client?.userAgent ?? '',
    });
    const outcome = kind === 'refresh_token_reused' ? 'session_closed' : undefined;
    const fields = { accountId, sessionId, phone: phonePseudonym, network: client?.ip, outcome };
    transaction.afterCommit(() => this.log.event(kind, fields));
  }

  /** A page of an account's events, newest first. */
  ofAccount({ manager }: Transaction, accountId: string, range: { skip: number; take: number }): Promise<AuthEvent[]> {
    return manager.find(AuthEvent, { where: { accountId }, order: { id: 'DESC' }, ...range });
  }

  /** How many events an account has. */
  countOf({ manager }: Transaction, accountId: string): Promise<number> {
    return manager.countBy(AuthEvent, { accountId });
  }
}
