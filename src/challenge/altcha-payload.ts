import { z } from 'zod';

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));
const uint32 = z.int().min(0).max(0xffff_ffff);

/** In the order of the names, by which they are signed. */
const parameters = z.object({
  algorithm: z.literal('PBKDF2/SHA-256'),
  cost: uint32,
  expiresAt: uint32,
  keyLength: uint32,
  keyPrefix: hex(16),
  keySignature: hex(32),
  nonce: hex(16),
  salt: hex(16),
});

const solution = z.object({ counter: uint32, derivedKey: hex(32) });

const payload = z.object({ challenge: z.object({ parameters, signature: hex(32) }), solution });

export type AltchaParameters = z.output<typeof parameters>;
export type AltchaSolution = z.output<typeof solution>;
export type AltchaPayload = z.output<typeof payload>;

const base64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * Reads what an ALTCHA widget sends: base64 (RFC 4648 section 4) of the challenge with its solution as JSON.
 * @returns without fields that are not known; undefined for anything else
 */
export function readAltchaPayload(token: string): AltchaPayload | undefined {
  if (!base64.test(token)) return undefined;
  try {
    return payload.safeParse(JSON.parse(Buffer.from(token, 'base64').toString('utf8'))).data;
  } catch {
    return undefined;
  }
}
