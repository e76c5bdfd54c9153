import { Injectable } from '@nestjs/common';
import type { ClientInfo } from '../client/client-info';
import { TokenNotValid } from '../error/refusal';
import type { Session } from '../session/session.entity';
import { newSessionId, SessionService } from '../session/session.service';
import { SimplejwtTokens, type ForeignToken } from '../token/simplejwt-tokens';
import type { Transaction } from '../transaction/transaction';
import { TransactionRunner } from '../transaction/transaction-runner';
import { Accounts } from './accounts';
import { SpentForeignTokens } from './spent-foreign-tokens';

/** Takes refresh tokens of the stack that accounts were brought over from. */
@Injectable()
export class ExchangeService {
  constructor(
    private readonly transactions: TransactionRunner,
    private readonly foreignTokens: SimplejwtTokens,
    private readonly spent: SpentForeignTokens,
    private readonly accounts: Accounts,
    private readonly sessions: SessionService,
  ) {}

  /**
   * A refresh token of the former stack opens one session. Until the session's own refresh token is used, it gets that
   * again; after that its use is theft.
   * @throws TokenNotValid
   */
  async exchange(token: string, client: ClientInfo): Promise<Session> {
    const foreign = this.foreignTokens.read(token);
    if (foreign === undefined) throw new TokenNotValid();
    return this.transactions.run(async (transaction) => {
      const accountId = await this.accounts.findImported(transaction, foreign.userId);
      if (accountId === undefined) throw new TokenNotValid();
      return (await this.spent.spend(transaction, foreign))
        ? this.open(transaction, foreign, client)
        : this.reopen(transaction, accountId, foreign, client);
    });
  }

  /**
   * Signs out by a token of the former stack: it can never be exchanged, and the session that it opened is closed.
   * @throws TokenNotValid unless it was used before, or is of a user who was brought over
   */
  async blacklist(token: string, client: ClientInfo): Promise<void> {
    const foreign = this.foreignTokens.read(token, { evenExpired: true });
    if (foreign === undefined) throw new TokenNotValid();
    await this.transactions.run(async (transaction) => {
      const accountId = await this.accounts.findImported(transaction, foreign.userId);
      if (accountId === undefined) {
        if (!(await this.spent.isSpent(transaction, foreign))) throw new TokenNotValid();
        return;
      }
      if (await this.spent.spend(transaction, foreign)) return;
      const session = await this.sessions.findImported(transaction, accountId, foreign.jti);
      if (session === undefined) return;
      await this.sessions.end(transaction, { accountId, sessionId: session.id }, 'signed_out', client);
    });
  }

  /** @throws TokenNotValid if the account was deleted meanwhile: the token stays unspent */
  private async open(transaction: Transaction, foreign: ForeignToken, client: ClientInfo): Promise<Session> {
    const accountId = await this.accounts.enterImported(transaction, foreign.userId);
    if (accountId === undefined) throw transaction.rollingBack(new TokenNotValid());
    const start = { id: newSessionId(), accountId, newMember: false, client, importedJti: foreign.jti };
    return this.sessions.open(transaction, start);
  }

  private async reopen(
    transaction: Transaction,
    accountId: string,
    foreign: ForeignToken,
    client: ClientInfo,
  ): Promise<Session> {
    const session = await this.sessions.findImported(transaction, accountId, foreign.jti, { live: true });
    if (session === undefined) throw new TokenNotValid();
    if (session.previousJti === null) return session;
    await this.sessions.end(transaction, { accountId, sessionId: session.id }, 'refresh_token_reused', client);
    throw new TokenNotValid();
  }
}
