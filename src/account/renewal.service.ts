import { Injectable } from '@nestjs/common';
import type { ClientInfo } from '../client/client-info';
import { TokenNotValid } from '../error/refusal';
import { callerOf } from '../session/caller';
import { Callers } from '../session/callers';
import { SessionService } from '../session/session.service';
import { TokenService, type TokenPair } from '../token/token.service';
import { TransactionRunner } from '../transaction/transaction-runner';
import { ExchangeService } from './exchange.service';
import { TokenPairs } from './token-pairs';

/** What the owner of a token can do with it: renew a sign-in, check it, and end it. */
@Injectable()
export class RenewalService {
  constructor(
    private readonly transactions: TransactionRunner,
    private readonly tokens: TokenService,
    private readonly pairs: TokenPairs,
    private readonly sessions: SessionService,
    private readonly callers: Callers,
    private readonly exchanges: ExchangeService,
  ) {}

  /**
   * Trades a refresh token for a new pair. The token before the current one gets the same successor until that is used;
   * any older one is theft (RFC 9700 section 4.14), and its session is closed. One of the former stack is exchanged.
   * @throws TokenNotValid
   */
  async refresh(token: string, client: ClientInfo): Promise<TokenPair> {
    const claims = this.tokens.readRefresh(token);
    const session =
      claims === undefined
        ? await this.exchanges.exchange(token, client)
        : await this.transactions.run((transaction) => this.sessions.rotate(transaction, claims, client));
    return this.pairs.of(session);
  }

  /** @throws TokenNotValid unless it is an access token of a live session, or a refresh token that could be used now */
  async verify(token: string): Promise<void> {
    if ((await this.callers.of(token)) !== undefined) return;
    const claims = this.tokens.readRefresh(token);
    const usable =
      claims && (await this.transactions.read((transaction) => this.sessions.wouldRotate(transaction, claims)));
    if (!usable) throw new TokenNotValid();
  }

  /**
   * Signs out. Any refresh token of the session will do, an old or expired one too; doing it again changes nothing.
   * @throws TokenNotValid for what was never a refresh token of ours, or of the former stack
   */
  async blacklist(token: string, client: ClientInfo): Promise<void> {
    const claims = this.tokens.readRefresh(token, { evenExpired: true });
    if (claims === undefined) return this.exchanges.blacklist(token, client);
    await this.sessions.signOut(callerOf(claims), client);
  }
}
