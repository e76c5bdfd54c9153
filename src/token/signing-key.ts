import { JwtService } from '@nestjs/jwt';
import { createHash, createPublicKey, createSecretKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { algorithmOf, type JwtAlgorithm } from './token-settings';

export interface TokenChecks {
  /** Seconds since 1970. */
  now: number;
  issuer?: string;
  audience?: string;
  /** To sign out, a token may be past its life. */
  ignoreExpiration?: boolean;
}

export type PublicJwk = JsonWebKey & { kty: string; kid: string; alg: string; use: string };

/** The names that a header of ours has; anything else (`jku`, `jwk`, `x5u`, `crit`, …) makes a token none of ours. */
const headerNames = new Set(['alg', 'typ', 'kid']);

/** One key, good for one algorithm (RFC 8725 section 3.1): a token's header can only agree or be refused. */
export class SigningKey {
  private readonly jwt: JwtService;

  private constructor(
    readonly algorithm: JwtAlgorithm,
    key: { secret: KeyObject } | { privateKey: KeyObject; publicKey: KeyObject },
    private readonly kid?: string,
    /** RFC 7517, of an asymmetric key. */
    readonly publicJwk?: PublicJwk,
  ) {
    this.jwt = new JwtService(key);
  }

  /** A key object, not a string: jsonwebtoken would try a string as a PEM key at every signature. */
  static ofSecret(secret: string | KeyObject): SigningKey {
    const key = typeof secret === 'string' ? createSecretKey(Buffer.from(secret, 'utf8')) : secret;
    return new SigningKey('HS256', { secret: key });
  }

  /** An EC key on P-256 signs by ES256, an RSA key by RS256; `kid` is the key's thumbprint (RFC 7638). */
  static ofPrivateKey(privateKey: KeyObject): SigningKey {
    const algorithm = algorithmOf(privateKey);
    const publicKey = createPublicKey(privateKey);
    const jwk = publicKey.export({ format: 'jwk' });
    const kid = thumbprint(jwk);
    return new SigningKey(algorithm, { privateKey, publicKey }, kid, {
      kty: '',
      ...jwk,
      kid,
      alg: algorithm,
      use: 'sig',
    });
  }

  sign(claims: object): string {
    return this.jwt.sign(claims, { algorithm: this.algorithm, ...(this.kid === undefined ? {} : { keyid: this.kid }) });
  }

  /** @returns the claims, or undefined if this key did not sign the token, or a check fails */
  read(token: string, { now, ...checks }: TokenChecks): Record<string, unknown> | undefined {
    if (!this.fits(headerOf(token))) return undefined;
    try {
      return this.jwt.verify(token, { algorithms: [this.algorithm], clockTimestamp: now, ...checks });
    } catch {
      // Why a token is refused is not told.
      return undefined;
    }
  }

  private fits(header: Record<string, unknown> | undefined): boolean {
    if (header === undefined || !Object.keys(header).every((name) => headerNames.has(name))) return false;
    return header.alg === this.algorithm && header.kid === this.kid && (header.typ ?? 'JWT') === 'JWT';
  }
}

function headerOf(token: string): Record<string, unknown> | undefined {
  const parts = token.split('.');
  if (parts.length !== 3 || !parts.every(isCanonical)) return undefined;
  try {
    const header: unknown = JSON.parse(Buffer.from(parts[0]!, 'base64url').toString('utf8'));
    return typeof header === 'object' && header !== null ? (header as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** One spelling a token: others decode to the same bytes (RFC 7515 section 2 knows no padding and no line breaks). */
function isCanonical(part: string): boolean {
  return part !== '' && Buffer.from(part, 'base64url').toString('base64url') === part;
}

/** RFC 7638: the hash of a key's required members in alphabetical order. */
function thumbprint({ kty, crv, x, y, e, n }: JsonWebKey): string {
  const members = kty === 'EC' ? { crv, kty, x, y } : { e, kty, n };
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
}
