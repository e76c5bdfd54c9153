import { Injectable } from '@nestjs/common';
import { TokenService } from '../token/token.service';
import { callerOf, type Caller } from './caller';
import { SessionState } from './session-state';

/** Says to whom an access token was issued. */
@Injectable()
export class Callers {
  constructor(
    private readonly tokens: TokenService,
    private readonly state: SessionState,
  ) {}

  /**
   * @param options `evenEnded` if the session is looked at later
   * @returns undefined unless it is a valid access token of a session that is live
   */
  async of(accessToken: string, { evenEnded = false } = {}): Promise<Caller | undefined> {
    const claims = this.tokens.readAccess(accessToken);
    if (claims === undefined) return undefined;
    const caller = callerOf(claims);
    return evenEnded || (await this.state.isLive(caller)) ? caller : undefined;
  }
}
