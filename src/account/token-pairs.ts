import { Injectable } from '@nestjs/common';
import { TokenNotValid } from '../error/refusal';
import type { Session } from '../session/session.entity';
import { TokenService, type TokenPair } from '../token/token.service';
import { AccountSettings } from './account-settings';
import { Accounts, type AccountClaimValues } from './accounts';

/** Signs the tokens of sessions, with what the operator wants told of the account. */
@Injectable()
export class TokenPairs {
  constructor(
    private readonly settings: AccountSettings,
    private readonly tokens: TokenService,
    private readonly accounts: Accounts,
  ) {}

  /**
   * Call it after the commit: until then there is no session.
   * @param known what the caller has of the account already
   * @throws TokenNotValid if the account is gone
   */
  async of(session: Session, known?: AccountClaimValues): Promise<TokenPair> {
    const { accessTokenClaims } = this.settings;
    if (accessTokenClaims.length === 0) return this.tokens.sign(session, {});
    const account = known ?? (await this.accounts.claimsOf(session.accountId));
    if (account === undefined) throw new TokenNotValid();
    // A member is new until the first refresh, also when the reply to the sign-in is repeated.
    const values = { ...account, new_member: session.newMember && session.previousJti === null };
    return this.tokens.sign(session, Object.fromEntries(accessTokenClaims.map((claim) => [claim, values[claim]])));
  }
}
