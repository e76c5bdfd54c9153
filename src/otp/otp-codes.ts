import { Injectable } from '@nestjs/common';
import type { KeyRing } from '../key/key-ring';
import type { OtpChallenge } from './otp-challenge.entity';
import { deriveCode, type ChallengeIdentity } from './otp-code';

/** The codes of challenges, each by the key it was issued under. */
@Injectable()
export class OtpCodes {
  constructor(private readonly keys: KeyRing) {}

  /** What a new challenge is issued under. */
  get keyId(): string {
    return this.keys.newest.id;
  }

  /** @returns undefined if the key has left the ring: then nobody can know the code any more */
  of(challenge: ChallengeIdentity & Pick<OtpChallenge, 'keyId'>): string | undefined {
    const ringKey = this.keys.find(challenge.keyId);
    return ringKey && deriveCode(ringKey.key, challenge);
  }
}
