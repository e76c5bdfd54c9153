import { Injectable } from '@nestjs/common';
import { createHmac, pbkdf2, randomBytes, randomInt, timingSafeEqual, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { addSeconds, Clock } from '../clock/clock';
import { AltchaDifficulty } from './altcha-difficulty';
import { readAltchaPayload, type AltchaParameters, type AltchaSolution } from './altcha-payload';
import { ChallengeKeyRing } from './challenge-keys';
import type { AltchaChallengeDto } from './dto/challenge.dto';
import type { VerifiedChallenge } from './verified-challenge';

const lifeSeconds = 300;
/** Of a derived key. A client is told the first half, finds the counter by it, and proves that by the second half. */
const keyBytes = 32;

const derive = promisify(pbkdf2);

/**
 * Proof of work as the ALTCHA widget does it (https://altcha.org/docs/v2/proof-of-work-captcha, deterministic mode): the
 * client tries counters until PBKDF2 gives the key whose beginning it was told. No state is kept for a challenge: it
 * carries its end and a hash of the whole key, and is signed.
 */
@Injectable()
export class Altcha {
  constructor(
    private readonly keys: ChallengeKeyRing,
    private readonly clock: Clock,
    private readonly difficulty: AltchaDifficulty,
  ) {}

  /** Costs one try of the client's work, on a thread of its own. */
  async issue(): Promise<AltchaChallengeDto> {
    const { cost, leastCounter, mostCounter } = this.difficulty;
    const [nonce, salt] = [randomBytes(16), randomBytes(16)];
    const password = passwordOf(nonce, randomInt(leastCounter, mostCounter + 1));
    const derivedKey = await derive(password, salt, cost, keyBytes, 'sha256');
    const { key } = this.keys.newest;
    const parameters: AltchaParameters = {
      algorithm: 'PBKDF2/SHA-256',
      cost,
      expiresAt: Math.floor(addSeconds(this.clock.now(), lifeSeconds).getTime() / 1000),
      keyLength: keyBytes,
      keyPrefix: derivedKey.subarray(0, keyBytes / 2).toString('hex'),
      keySignature: hmac(key, derivedKey).toString('hex'),
      nonce: nonce.toString('hex'),
      salt: salt.toString('hex'),
    };
    return { parameters, signature: signatureOf(key, parameters).toString('hex') };
  }

  /**
   * @param token as the widget makes it: base64 of JSON
   * @returns undefined for what is no solution of a challenge of ours, or one whose challenge has ended
   */
  verify(token: string): VerifiedChallenge | undefined {
    const payload = readAltchaPayload(token);
    if (payload === undefined) return undefined;
    const { parameters, signature } = payload.challenge;
    const expiresAt = new Date(parameters.expiresAt * 1000);
    if (expiresAt <= this.clock.now()) return undefined;
    const ringKey = this.keys.all.find(({ key }) => isSame(signatureOf(key, parameters), signature));
    if (ringKey === undefined || !solves(ringKey.key, parameters, payload.solution)) return undefined;
    // Not a hash of the token: one solution can be written in many ways.
    return { id: signature, expiresAt };
  }
}

/** What PBKDF2 is given as its password: the counter in 32 bits, big-endian, after the nonce. */
function passwordOf(nonce: Buffer, counter: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(counter);
  return Buffer.concat([nonce, bytes]);
}

/** The order of the fields is fixed, as `readAltchaPayload` keeps it. */
function signatureOf(key: KeyObject, parameters: AltchaParameters): Buffer {
  return hmac(key, JSON.stringify(parameters));
}

/** The counter need not be tried: nobody knows the whole key who has not derived it. */
function solves(key: KeyObject, { keySignature }: AltchaParameters, { derivedKey }: AltchaSolution): boolean {
  return isSame(hmac(key, Buffer.from(derivedKey, 'hex')), keySignature);
}

function hmac(key: KeyObject, data: string | Buffer): Buffer {
  return createHmac('sha256', key).update(data).digest();
}

function isSame(expected: Buffer, hex: string): boolean {
  const given = Buffer.from(hex, 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
}
