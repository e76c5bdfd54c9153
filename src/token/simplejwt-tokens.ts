import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock';
import { SigningKey } from './signing-key';
import { SimplejwtSettings } from './simplejwt-settings';
import { numericDate } from './token.service';

/** Two servers' clocks may be this far apart. */
const leewaySeconds = 30;

/** A refresh token of the former stack. */
export interface ForeignToken {
  userId: string;
  jti: string;
  expiresAt: Date;
}

/** Whether the columns can hold an id of the former stack: 64 visible ASCII characters at most. */
export function isForeignId(text: string): boolean {
  return /^[\x21-\x7e]{1,64}$/.test(text);
}

/** Reads refresh tokens of the stack that accounts were brought over from, for as long as its key is configured. */
@Injectable()
export class SimplejwtTokens {
  private readonly key?: SigningKey;
  private readonly settings: SimplejwtSettings['simplejwt'];

  constructor(
    { simplejwt }: SimplejwtSettings,
    private readonly clock: Clock,
  ) {
    this.settings = simplejwt;
    if (simplejwt !== undefined) this.key = SigningKey.ofSecret(simplejwt.secret);
  }

  /**
   * Reads a refresh token of the former stack.
   * @param options `evenExpired` to sign out: a token that is past its life will do
   * @returns undefined for what is no such token, was issued in the future, or lives longer than is allowed
   */
  read(token: string, { evenExpired = false } = {}): ForeignToken | undefined {
    if (this.settings === undefined) return undefined;
    const now = numericDate(this.clock.now());
    const claims = this.key?.read(token, { now, ignoreExpiration: evenExpired });
    if (claims?.token_type !== 'refresh' || !isBounded(claims, now, this.settings.maxLifeSeconds)) return undefined;
    const { [this.settings.userIdClaim]: userId, jti, exp } = claims;
    if (typeof userId !== 'string' && !Number.isSafeInteger(userId)) return undefined;
    if (!isForeignId(String(userId)) || typeof jti !== 'string' || !isForeignId(jti)) return undefined;
    return { userId: String(userId), jti, expiresAt: new Date(Number(exp) * 1000) };
  }
}

function isBounded({ iat, exp }: Record<string, unknown>, now: number, maxLifeSeconds: number): boolean {
  if (typeof iat !== 'number' || typeof exp !== 'number') return false;
  return iat <= now + leewaySeconds && exp - iat <= maxLifeSeconds;
}
