import { Injectable } from '@nestjs/common';
import { KeyRings } from '../key/key-rings';
import { SigningKey } from './signing-key';
import { TokenSettings } from './token-settings';

export type TokenType = 'access' | 'refresh';

/** The keys of one type of token. One signs; all of them check, so that keys can be changed under load. */
export interface TokenKeys {
  signing: SigningKey;
  all: readonly SigningKey[];
}

/** By which keys tokens are signed and read, and what each of them says. */
@Injectable()
export class TokenPolicy {
  readonly accessTtlSeconds: number;
  readonly issuer?: string;
  readonly audience?: string;
  /** Different keys for the two, so that neither can pass for the other. */
  readonly keys: Record<TokenType, TokenKeys>;

  constructor(given: TokenSettings, rings: KeyRings) {
    this.accessTtlSeconds = given.accessTokenTtlSeconds;
    this.issuer = given.jwtIssuer;
    this.audience = given.jwtAudience;
    const access = [
      ...given.jwtKeys.map((key) => SigningKey.ofPrivateKey(key)),
      ...given.jwtSecrets.map((secret) => SigningKey.ofSecret(secret)),
    ];
    const refresh = rings.of('refresh-token').all.map(({ key }) => SigningKey.ofSecret(key));
    this.keys = {
      access: keysOf(
        access,
        access.find(({ algorithm }) => algorithm === given.jwtAlgorithm),
      ),
      refresh: keysOf(refresh, refresh[0]),
    };
  }
}

function keysOf(all: readonly SigningKey[], signing: SigningKey | undefined): TokenKeys {
  if (signing === undefined) throw new Error('no key to sign tokens with');
  return { signing, all };
}
