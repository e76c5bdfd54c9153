import { SigningKey } from './signing-key';

export const SIMPLEJWT_TOKENS = Symbol('SIMPLEJWT_TOKENS');

/** Whether the columns can hold an id of the stack that is left behind: 64 visible ASCII characters at most. */
export function isForeignId(text: string): boolean {
  return /^[\x21-\x7e]{1,64}$/.test(text);
}

/** Refresh tokens of the stack that accounts were brought over from, for as long as its key is configured. */
export class SimplejwtTokens {
  private readonly key: SigningKey;

  constructor(
    secret: string,
    private readonly userIdClaim: string,
  ) {
    this.key = SigningKey.ofSecret(secret);
  }

  /** @param now seconds since 1970 */
  read(token: string, now: number): { userId: string; jti: string } | undefined {
    const claims = this.key.read(token, { now });
    if (claims?.token_type !== 'refresh' || typeof claims.exp !== 'number') return undefined;
    const { [this.userIdClaim]: userId, jti } = claims;
    if (typeof userId !== 'string' && !Number.isSafeInteger(userId)) return undefined;
    if (!isForeignId(String(userId)) || typeof jti !== 'string' || !isForeignId(jti)) return undefined;
    return { userId: String(userId), jti };
  }
}
