import { Injectable } from '@nestjs/common';
import type { OtpChallenge } from './otp-challenge.entity';
import { deriveCode, type ChallengeIdentity } from './otp-code';
import { OtpKeyRing } from './otp-keys';
import { TestNumbers } from './test-numbers';

/** What a code is derived from, and the key that it is derived with. */
export type CodedChallenge = ChallengeIdentity & Pick<OtpChallenge, 'keyId'>;

/** The codes of challenges, each by the key it was issued under. */
@Injectable()
export class OtpCodes {
  constructor(
    private readonly keys: OtpKeyRing,
    private readonly testNumbers: TestNumbers,
  ) {}

  /** What a new challenge is issued under. */
  get keyId(): string {
    return this.keys.newest.id;
  }

  /** @returns undefined if the key has left the ring: the code is lost then */
  of(challenge: CodedChallenge): string | undefined {
    const ringKey = this.keys.find(challenge.keyId);
    return ringKey && (this.testNumbers.codeOf(challenge.phoneNumber) ?? deriveCode(ringKey.key, challenge));
  }

  /** @returns whether it is the number of a tester, who knows its code */
  isKnown(phoneNumber: string): boolean {
    return this.testNumbers.codeOf(phoneNumber) !== undefined;
  }
}
