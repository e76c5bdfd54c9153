import { Injectable } from '@nestjs/common';
import { Challenges } from '../challenge/challenges';
import type { VerifiedChallenge } from '../challenge/verified-challenge';
import { ChallengeInvalid, ChallengeRequired } from '../error/refusal';
import type { Transaction } from '../transaction/transaction';

/** What a request brought along to prove that it is worth a text. */
export interface ChallengeProof {
  /**
   * Uses the solution, inside the transaction.
   * @returns whether a challenge was solved, or none can be asked for
   * @throws ChallengeInvalid if it was used before
   */
  spend(transaction: Transaction): Promise<boolean>;

  /**
   * @returns what `work` returns
   * @throws ChallengeInvalid instead of ChallengeRequired if there was a solution, but a wrong one
   */
  demandedBy<T>(work: () => Promise<T>): Promise<T>;
}

/** Reads the solved challenges of requests. */
@Injectable()
export class ChallengeProofs {
  constructor(private readonly challenges: Challenges) {}

  /**
   * Not to be called inside a transaction, as it may call a provider.
   * @throws ChallengeRequired, ChallengeInvalid where every request needs one; ServiceUnavailable if the provider fails
   */
  async of(token: string | undefined): Promise<ChallengeProof> {
    const isAlways = this.challenges.isDemanded(false);
    const isPossible = this.challenges.isDemanded(true);
    const verified = isAlways
      ? await this.challenges.demand(token)
      : isPossible
        ? await this.challenges.verify(token)
        : undefined;
    return {
      spend: (transaction) => this.spend(transaction, verified, isPossible),
      demandedBy: async (work) => {
        try {
          return await work();
        } catch (error) {
          if (error instanceof ChallengeRequired && token) throw new ChallengeInvalid();
          throw error;
        }
      },
    };
  }

  private async spend(transaction: Transaction, verified: VerifiedChallenge | undefined, isPossible: boolean) {
    if (verified === undefined) return !isPossible;
    if (!(await this.challenges.spend(transaction, verified))) throw new ChallengeInvalid();
    return true;
  }
}
