import type { Settings } from '../config/settings';
import { SigningKey } from './signing-key';

export const SIMPLEJWT_TOKENS = Symbol('SIMPLEJWT_TOKENS');

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
export class SimplejwtTokens {
  private readonly key: SigningKey;

  constructor(private readonly settings: NonNullable<Settings['simplejwt']>) {
    this.key = SigningKey.ofSecret(settings.secret);
  }

  /**
   * @param now seconds since 1970
   * @returns undefined for what is no such token, was issued in the future, or lives longer than is allowed
   */
  read(token: string, now: number, { evenExpired = false } = {}): ForeignToken | undefined {
    const claims = this.key.read(token, { now, ignoreExpiration: evenExpired });
    if (claims?.token_type !== 'refresh' || !this.isBounded(claims, now)) return undefined;
    const { [this.settings.userIdClaim]: userId, jti, exp } = claims;
    if (typeof userId !== 'string' && !Number.isSafeInteger(userId)) return undefined;
    if (!isForeignId(String(userId)) || typeof jti !== 'string' || !isForeignId(jti)) return undefined;
    return { userId: String(userId), jti, expiresAt: new Date(Number(exp) * 1000) };
  }

  private isBounded({ iat, exp }: Record<string, unknown>, now: number): boolean {
    if (typeof iat !== 'number' || typeof exp !== 'number') return false;
    return iat <= now + leewaySeconds && exp - iat <= this.settings.maxLifeSeconds;
  }
}
