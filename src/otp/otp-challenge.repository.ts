import { Injectable } from '@nestjs/common';
import { EntityNotFoundError, In, IsNull, LessThan, MoreThan } from 'typeorm';
import { v4 as uuidv4 } from 'uuid';
import { isDuplicate } from '../transaction/database-fault';
import type { Join } from '../transaction/join';
import type { SqlValue } from '../transaction/statement';
import type { Transaction } from '../transaction/transaction';
import { OtpChallenge, type OtpPurpose } from './otp-challenge.entity';
import { OtpPolicy } from './otp-policy';

/** The key of a challenge's row. */
export interface ChallengeKey {
  /** E.164. */
  phoneNumber: string;
  purpose: OtpPurpose;
}

/** Who can use a code: the session that asked for it. Other sessions of its account may ask for it anew. */
export interface OtpOwner {
  accountId: string;
  sessionId: string;
}

/** A request for a code. */
export interface ChallengeRequest extends ChallengeKey {
  /** Absent where any caller who knows the code can use it. */
  owner?: OtpOwner;
  at: Date;
}

/** A guess at a code. */
export interface Guess extends ChallengeKey {
  /** The session that guesses; empty where the code has no owner. */
  sessionId: string;
  at: Date;
}

/** `foreign`: live, but another session asked for the code. */
export type ChallengeState = 'live' | 'used' | 'expired' | 'used_up' | 'foreign';

/** What a guess is compared with. */
export type GuessedChallenge = Pick<OtpChallenge, 'id' | 'keyId'> & { state: ChallengeState };

/**
 * The table of challenges, changed by guarded updates alone: each demands the state that it changes, so that the
 * database decides races. Statements are by hand, as they are on the way of a sign-in.
 */
@Injectable()
export class OtpChallengeRepository {
  constructor(private readonly policy: OtpPolicy) {}

  /** @throws EntityNotFoundError if the number has no challenge for the purpose */
  async find(transaction: Transaction, { phoneNumber, purpose }: ChallengeKey): Promise<OtpChallenge> {
    const key = { phoneNumber, purpose };
    const challenge = await transaction.findOne(OtpChallenge, key);
    if (challenge === null) throw new EntityNotFoundError(OtpChallenge, key);
    return challenge;
  }

  /** @returns of the challenges with these ids, those whose codes can still be used, whatever their order */
  findLive(
    { manager }: Transaction,
    challenges: readonly Pick<OtpChallenge, 'phoneNumber' | 'id'>[],
    now: Date,
  ): Promise<OtpChallenge[]> {
    return manager.findBy(OtpChallenge, {
      phoneNumber: In(challenges.map(({ phoneNumber }) => phoneNumber)),
      id: In(challenges.map(({ id }) => id)),
      consumedAt: IsNull(),
      expiresAt: MoreThan(now),
      attempts: LessThan(this.policy.maxAttempts),
    });
  }

  /** @returns the challenge whose code the session used after `since`; null if there is none */
  findUsed(
    { manager }: Transaction,
    { phoneNumber, purpose }: ChallengeKey,
    sessionId: string,
    since: Date,
  ): Promise<OtpChallenge | null> {
    return manager.findOneBy(OtpChallenge, { phoneNumber, purpose, sessionId, consumedAt: MoreThan(since) });
  }

  /**
   * Reads what a guess is compared with. What was read may be old by the time of the comparison: `useCode` and
   * `countGuess` say whether it still holds.
   * @param join what else is read of the number, in the same statement
   * @returns undefined if the number has no challenge for the purpose
   */
  async findGuessed<Joined = unknown>(
    transaction: Transaction,
    { phoneNumber, purpose, sessionId, at }: Guess,
    join: Join = nothing,
  ): Promise<(GuessedChallenge & Joined) | undefined> {
    const { rows } = await transaction.execute<GuessedChallenge & Joined>(
      `SELECT otp_challenge.id, otp_challenge.key_id AS keyId,
         CASE WHEN otp_challenge.consumed_at IS NOT NULL THEN 'used' WHEN otp_challenge.expires_at <= ? THEN 'expired'
         WHEN otp_challenge.attempts >= ? THEN 'used_up' WHEN COALESCE(otp_challenge.session_id, '') <> ? THEN 'foreign'
         ELSE 'live' END AS state, ${join.columns}
       FROM otp_challenge ${join.from} WHERE otp_challenge.phone_number = ? AND otp_challenge.purpose = ?`,
      [at, this.policy.maxAttempts, sessionId, ...(join.values ?? []), phoneNumber, purpose],
    );
    return rows[0];
  }

  /**
   * Counts a right guess and uses the code up.
   * @param id of the challenge that the guess was compared with
   * @returns false, with nothing changed, unless that very challenge is still live and has a guess left
   */
  useCode(transaction: Transaction, guess: Guess, id: string): Promise<boolean> {
    return this.countCompared(transaction, guess, id, guess.at);
  }

  /**
   * Counts a wrong guess.
   * @param id of the challenge that the guess was compared with
   * @returns false, with nothing changed, unless that very challenge is still live and has a guess left
   */
  countGuess(transaction: Transaction, guess: Guess, id: string): Promise<boolean> {
    return this.countCompared(transaction, guess, id, null);
  }

  /** Counts a guess that was compared with no code, against the challenge that is live, if there is one. */
  async countUncompared(transaction: Transaction, guess: Guess): Promise<void> {
    await transaction.execute(
      `UPDATE otp_challenge SET attempts = attempts + 1 WHERE ${guessable}`,
      this.guessableBy(guess),
    );
  }

  /**
   * Sends a live code once more as it is; the guesses made stay made.
   * @returns false, with nothing changed, if there is no code that may be sent again now
   */
  async resend(transaction: Transaction, { phoneNumber, purpose, owner, at }: ChallengeRequest): Promise<boolean> {
    // `resend_at` before `sends`: MySQL assigns from left to right, and the gap is that of the old count.
    const { affected } = await transaction.execute(
      `UPDATE otp_challenge SET resend_at = CASE sends WHEN 1 THEN ? ELSE ? END, sends = sends + 1,
         session_id = ?
       WHERE phone_number = ? AND purpose = ? AND resend_at <= ?
         AND COALESCE(account_id, '') = ? AND consumed_at IS NULL AND expires_at >= ? AND attempts < ?`,
      [
        ...[this.policy.resendAt(at, 2), this.policy.resendAt(at, 3), owner?.sessionId ?? null],
        ...[phoneNumber, purpose, at],
        ...[owner?.accountId ?? '', this.policy.usableUntil(at), this.policy.maxAttempts],
      ],
    );
    return affected === 1;
  }

  /**
   * Puts a new code in the place of one that is used, expired, guessed to the end or about to expire. Before the end of
   * its life the gaps go on growing. A new code in place of one that was about to expire keeps the guesses made: it must
   * give none back (NIST SP 800-63B-4, section 3.1.3.2). A live code of another account stays.
   * @param keyId of the key that the new code is derived with
   * @returns false, with nothing changed, if there is no code that may be replaced now
   */
  async replace(transaction: Transaction, request: ChallengeRequest, keyId: string): Promise<boolean> {
    const { phoneNumber, purpose, owner, at } = request;
    const unused = 'consumed_at IS NULL AND expires_at > ?';
    const [first, second, third] = [1, 2, 3].map((sends) => this.policy.resendAt(at, sends)) as [Date, Date, Date];
    // `sends` after `resend_at`, and the times last: MySQL assigns from left to right, and the conditions are on the old row.
    const { affected } = await transaction.execute(
      `UPDATE otp_challenge SET
         resend_at = CASE WHEN ${unused} THEN CASE sends WHEN 1 THEN ? ELSE ? END ELSE ? END,
         sends = CASE WHEN ${unused} THEN sends + 1 ELSE 1 END,
         attempts = CASE WHEN ${unused} AND attempts < ? THEN attempts ELSE 0 END,
         id = ?, account_id = ?, session_id = ?, key_id = ?, issued_at = ?, expires_at = ?, consumed_at = NULL
       WHERE phone_number = ? AND purpose = ? AND resend_at <= ?
         AND (COALESCE(account_id, '') = ? OR consumed_at IS NOT NULL OR expires_at <= ? OR attempts >= ?)`,
      [
        ...[at, second, third, first],
        at,
        ...[at, this.policy.maxAttempts],
        ...[uuidv4(), owner?.accountId ?? null, owner?.sessionId ?? null, keyId, at, this.policy.expiresAt(at)],
        ...[phoneNumber, purpose, at],
        ...[owner?.accountId ?? '', at, this.policy.maxAttempts],
      ],
    );
    return affected === 1;
  }

  /**
   * Makes the first challenge of a number for a purpose.
   * @param keyId of the key that the code is derived with
   * @returns false, with nothing changed, if the number has one
   */
  async issue(transaction: Transaction, request: ChallengeRequest, keyId: string): Promise<boolean> {
    const { phoneNumber, purpose, owner, at } = request;
    const challenge: OtpChallenge = {
      phoneNumber,
      purpose,
      accountId: owner?.accountId ?? null,
      sessionId: owner?.sessionId ?? null,
      id: uuidv4(),
      keyId,
      attempts: 0,
      sends: 1,
      issuedAt: at,
      resendAt: this.policy.resendAt(at, 1),
      expiresAt: this.policy.expiresAt(at),
      consumedAt: null,
    };
    try {
      await transaction.insert(OtpChallenge, challenge);
      return true;
    } catch (error) {
      if (isDuplicate(error)) return false;
      throw error;
    }
  }

  /** Deletes the challenges of a number, whatever they are for. */
  async forget({ manager }: Transaction, phoneNumber: string): Promise<void> {
    await manager.delete(OtpChallenge, { phoneNumber });
  }

  /** One statement for right and wrong guesses: five are compared and one succeeds, whatever runs beside it. */
  private async countCompared(transaction: Transaction, guess: Guess, id: string, consumedAt: Date | null) {
    const { affected } = await transaction.execute(
      `UPDATE otp_challenge SET attempts = attempts + 1, consumed_at = ? WHERE id = ? AND ${guessable}`,
      [consumedAt, id, ...this.guessableBy(guess)],
    );
    return affected === 1;
  }

  /** @returns the values of `guessable` */
  private guessableBy({ phoneNumber, purpose, sessionId, at }: Guess): SqlValue[] {
    return [phoneNumber, purpose, sessionId, at, this.policy.maxAttempts];
  }
}

const nothing: Join = { columns: 'NULL AS joined', from: '' };

/** The challenge is live, has a guess left, and is the session's. */
const guessable = `phone_number = ? AND purpose = ?
  AND COALESCE(session_id, '') = ? AND consumed_at IS NULL AND expires_at > ? AND attempts < ?`;
