import { Injectable } from '@nestjs/common';
import { In, LessThanOrEqual } from 'typeorm';
import { addSeconds, Clock } from '../clock/clock';
import { ChallengeInvalid, ChallengeRequired, NotFound } from '../error/refusal';
import { isDuplicate } from '../transaction/database-fault';
import type { Transaction } from '../transaction/transaction';
import { TransactionRunner } from '../transaction/transaction-runner';
import { Altcha } from './altcha';
import { ChallengeSettings } from './challenge-settings';
import { ChallengeSolution } from './challenge-solution.entity';
import type { AltchaChallengeDto, SiteKeyDto } from './dto/challenge.dto';
import { Siteverify } from './siteverify';
import type { VerifiedChallenge } from './verified-challenge';

const batchSize = 500;

/** A node whose clock is behind takes a challenge a little longer than the one that deletes: 2 s at most (decision 15). */
const keptSecondsAfterEnd = 60;

/**
 * Proof that a person, or at least a machine that works for it, stands behind a request. `verify` or `demand` comes before the
 * transaction, as it may call a provider; `spend` belongs inside, so that a rollback gives the solution back.
 */
@Injectable()
export class Challenges {
  constructor(
    private readonly settings: ChallengeSettings,
    private readonly altcha: Altcha,
    private readonly siteverify: Siteverify,
    private readonly transactions: TransactionRunner,
    private readonly clock: Clock,
  ) {}

  /** @param risk whether something about the request is suspicious */
  isDemanded(risk: boolean): boolean {
    const { mode } = this.settings;
    return mode === 'always' || (mode === 'risk' && risk);
  }

  /**
   * What a client needs to solve a challenge: an ALTCHA challenge, or the keys of a provider's widget.
   * @throws NotFound where challenges are off
   */
  async offer(): Promise<AltchaChallengeDto | SiteKeyDto> {
    const { mode, provider } = this.settings;
    if (mode === 'off') throw new NotFound();
    return provider.name === 'altcha' ? this.altcha.issue() : { provider: provider.name, site_key: provider.siteKey };
  }

  /**
   * Not to be called inside a transaction.
   * @param token what the client sent; it may be anything
   * @returns undefined if there is none, or if it is wrong or too old; a provider refuses one that it has seen, too
   * @throws ServiceUnavailable if the provider does not answer
   */
  async verify(token: string | undefined): Promise<VerifiedChallenge | undefined> {
    const { provider } = this.settings;
    if (!token) return undefined;
    return provider.name === 'altcha' ? this.altcha.verify(token) : this.siteverify.verify(provider, token);
  }

  /**
   * As `verify`, for a request that is refused without a solution.
   * @throws ChallengeRequired if there is no token, ChallengeInvalid if it is wrong, too old, or known as used, and
   *   ServiceUnavailable if the provider does not answer
   */
  async demand(token: string | undefined): Promise<VerifiedChallenge> {
    if (!token) throw new ChallengeRequired();
    const verified = await this.verify(token);
    if (verified === undefined) throw new ChallengeInvalid();
    return verified;
  }

  /**
   * Uses a solution: the primary key lets one request do so, over all nodes and after a restart.
   * @returns false if it was used before; a transaction that uses it just now is waited for
   */
  async spend(transaction: Transaction, { id, expiresAt }: VerifiedChallenge): Promise<boolean> {
    try {
      await transaction.insert(ChallengeSolution, { id, expiresAt });
      return true;
    } catch (error) {
      if (isDuplicate(error)) return false;
      throw error;
    }
  }

  /** Removes what cannot come again, in batches. */
  async removeExpired(): Promise<void> {
    for (let removed = batchSize; removed === batchSize;) {
      removed = await this.transactions.run(async ({ manager }) => {
        const where = { expiresAt: LessThanOrEqual(addSeconds(this.clock.now(), -keptSecondsAfterEnd)) };
        const expired = await manager.find(ChallengeSolution, { select: { id: true }, where, take: batchSize });
        const id = In(expired.map((it) => it.id));
        if (expired.length > 0) await manager.delete(ChallengeSolution, { ...where, id });
        return expired.length;
      });
    }
  }
}
