import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { developmentSecret } from '../key/development-secret';
import { keyList } from '../variable/key-list';
import type { RunMode } from '../variable/run-mode';
import { wholeNumber, type GivenVariables, type Values } from '../variable/variable-kinds';
import { privateKeyFiles } from './key-files';

const jwtAlgorithms = ['HS256', 'ES256', 'RS256'] as const;
export type JwtAlgorithm = (typeof jwtAlgorithms)[number];

/**
 * @param production whether a key that signs must be given
 * @param given with files of keys no secret is needed
 */
export const tokenVariables = (production: boolean, given: GivenVariables) => ({
  JWT_SECRET: production && given.JWT_KEY_FILES === undefined ? keyList : keyList.optional(),
  JWT_KEY_FILES: privateKeyFiles.default([]),
  JWT_ALGORITHM: z.enum(jwtAlgorithms, `must be out of: ${jwtAlgorithms.join(', ')}`).optional(),
  JWT_ISSUER: z.string().optional(),
  JWT_AUDIENCE: z.string().optional(),
  ACCESS_TOKEN_TTL_SECONDS: wholeNumber(30, 86_400).default(600),
});

type TokenValues = Values<ReturnType<typeof tokenVariables>>;

/** What tokens are signed with, and what they say. */
export class TokenSettings {
  /** Newest first. */
  readonly jwtSecrets: string[];
  /** EC keys on P-256 or RSA keys; all are published. */
  readonly jwtKeys: KeyObject[];
  /** What access tokens are signed with, by the first key of that algorithm. */
  readonly jwtAlgorithm: JwtAlgorithm;
  readonly jwtIssuer?: string;
  readonly jwtAudience?: string;
  readonly accessTokenTtlSeconds: number;

  /** @throws CannotStart if development's secret cannot be made or read */
  constructor(values: TokenValues, { dataDir }: RunMode) {
    const { JWT_KEY_FILES: keys, JWT_SECRET: secrets } = values;
    this.jwtSecrets = secrets ?? (keys.length > 0 ? [] : [developmentSecret(dataDir, 'jwt-secret')]);
    this.jwtKeys = keys;
    this.jwtAlgorithm = values.JWT_ALGORITHM ?? algorithmOf(keys[0]);
    this.jwtIssuer = values.JWT_ISSUER;
    this.jwtAudience = values.JWT_AUDIENCE;
    this.accessTokenTtlSeconds = values.ACCESS_TOKEN_TTL_SECONDS;
  }
}

/** @returns a line if no key fits the algorithm that is asked for */
export function tokenFaults(values: TokenValues): string[] {
  return isKeyless(values) ? ['JWT_ALGORITHM: no key of that algorithm is given by JWT_SECRET or JWT_KEY_FILES'] : [];
}

function isKeyless({ JWT_ALGORITHM: wanted, JWT_KEY_FILES: keys, JWT_SECRET: secrets }: TokenValues): boolean {
  if (wanted === undefined) return false;
  // Without any key, development makes a secret.
  if (wanted === 'HS256') return secrets === undefined && keys.length > 0;
  return !keys.some((key) => algorithmOf(key) === wanted);
}

/**
 * The algorithm that a key signs access tokens by: ES256 for EC keys, RS256 for RSA keys (RFC 7518 section 3.1), HS256
 * where there is no key but a secret.
 */
export function algorithmOf(key: KeyObject | undefined): JwtAlgorithm {
  if (key === undefined) return 'HS256';
  return key.asymmetricKeyType === 'ec' ? 'ES256' : 'RS256';
}
