import { Injectable } from '@nestjs/common';
import { In, IsNull, MoreThan } from 'typeorm';
import type { Join } from '../transaction/join';
import type { Transaction } from '../transaction/transaction';
import type { Lane } from './lanes';
import { OtpChallenge, type OtpPurpose } from './otp-challenge.entity';
import { OtpPolicy } from './otp-policy';

/** The key of a challenge's row. */
export interface ChallengeKey {
  /** E.164. */
  phoneNumber: string;
  purpose: OtpPurpose;
}

/** A guess at a code. */
export interface Guess extends ChallengeKey {
  /** The session that guesses; empty where the code has no owner. */
  sessionId: string;
  at: Date;
}

/** How a guess is counted. */
export interface Count {
  /** Of the challenge that the guess was compared with. */
  id: string;
  /** The code with that id was replaced, and is good for those who are known. */
  isFormer: boolean;
  lane: Lane;
  /** Codes that it was compared with, 1 or 2. */
  compared: number;
  /** The time, if the guess was right; null otherwise. */
  consumedAt: Date | null;
}

/** `foreign`: live, but another session asked for the code. */
export type ChallengeState = 'live' | 'used' | 'expired' | 'foreign';

/** What a guess is compared with. */
export type GuessedChallenge = Pick<OtpChallenge, 'id' | 'keyId' | 'format' | 'lanes'> & {
  state: ChallengeState;
  issuedAt: string | Date;
  /** Of the code that this one replaced, as long as that can be used; null otherwise. */
  formerId: OtpChallenge['formerId'];
  formerKeyId: OtpChallenge['formerKeyId'];
  formerFormat: OtpChallenge['formerFormat'];
};

/**
 * The table of challenges. Guesses are counted by guarded updates alone: each demands the state that it changes, so that
 * the database decides races. Who asks for a code holds the lock of its number and of its challenges.
 */
@Injectable()
export class OtpChallengeRepository {
  constructor(private readonly policy: OtpPolicy) {}

  /** The challenges of a number, for all purposes, their rows locked until the transaction ends. */
  lockAll({ manager, locksRows }: Transaction, phoneNumber: string): Promise<OtpChallenge[]> {
    const lock = locksRows ? { lock: { mode: 'pessimistic_write' as const } } : {};
    return manager.find(OtpChallenge, { where: { phoneNumber }, ...lock });
  }

  /** The challenges of a number, for all purposes, without a lock: what was read may be old a moment later. */
  findAll({ manager }: Transaction, phoneNumber: string): Promise<OtpChallenge[]> {
    return manager.findBy(OtpChallenge, { phoneNumber });
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
   * Reads what a guess is compared with. What was read may be old by the time of the comparison: `count` says whether it
   * still holds.
   * @param join what else is read of the number, in the same statement
   * @returns undefined if the number has no challenge for the purpose
   */
  async findGuessed<Joined = unknown>(
    transaction: Transaction,
    { phoneNumber, purpose, sessionId, at }: Guess,
    join: Join = nothing,
  ): Promise<(GuessedChallenge & Joined) | undefined> {
    const { rows } = await transaction.execute<GuessedChallenge & Joined>(
      `SELECT otp_challenge.id, otp_challenge.key_id AS keyId, otp_challenge.format, otp_challenge.lanes,
         otp_challenge.issued_at AS issuedAt,
         CASE WHEN otp_challenge.consumed_at IS NOT NULL THEN 'used' WHEN otp_challenge.expires_at <= ? THEN 'expired'
         WHEN COALESCE(otp_challenge.session_id, '') <> ? THEN 'foreign' ELSE 'live' END AS state,
         CASE WHEN otp_challenge.former_expires_at > ? THEN otp_challenge.former_id END AS formerId,
         otp_challenge.former_key_id AS formerKeyId, otp_challenge.former_format AS formerFormat, ${join.columns}
       FROM otp_challenge ${join.from} WHERE otp_challenge.phone_number = ? AND otp_challenge.purpose = ?`,
      [at, sessionId, at, ...(join.values ?? []), phoneNumber, purpose],
    );
    return rows[0];
  }

  /**
   * Counts a guess in its lane, and uses the code up if it was right. One statement for right and wrong guesses: as many
   * are compared as the lane has left and one succeeds, whatever runs beside it.
   * @returns false, with nothing changed, unless that very code is still live and the lane has a guess left for each code
   */
  async count(transaction: Transaction, guess: Guess, count: Count): Promise<boolean> {
    const { id, isFormer, lane, compared, consumedAt } = count;
    const path = `$.${lane.name}`;
    const size = lane.begins === 'never' ? 0 : this.policy.maxAttempts;
    const place = lane.begins === 'known' ? 1 : 0;
    const { affected } = await transaction.execute(
      `UPDATE otp_challenge SET attempts = attempts + ?, consumed_at = ?,
         lanes = JSON_SET(lanes, ?, ${left} - ?, '$.known', ${known} - ${taken})
       WHERE phone_number = ? AND purpose = ? AND ${isFormer ? 'former_id = ? AND former_expires_at > ?' : 'id = ?'}
         AND COALESCE(session_id, '') = ? AND consumed_at IS NULL AND expires_at > ?
         AND ${left} >= ? AND ${known} >= ${taken}`,
      [
        ...[compared, consumedAt],
        ...[path, path, size, compared, path, place],
        ...[guess.phoneNumber, guess.purpose, id, ...(isFormer ? [guess.at] : [])],
        ...[guess.sessionId, guess.at],
        ...[path, size, compared, path, place],
      ],
    );
    return affected === 1;
  }

  /** Makes the challenge of a number that has none for the purpose. The caller holds the lock of the number. */
  async insert(transaction: Transaction, challenge: OtpChallenge): Promise<void> {
    await transaction.insert(OtpChallenge, challenge);
  }

  /** Writes what is new in a challenge. The caller holds the lock of its row. */
  async update({ manager }: Transaction, { phoneNumber, purpose, ...changed }: OtpChallenge): Promise<void> {
    await manager.update(OtpChallenge, { phoneNumber, purpose }, changed);
  }

  /** Deletes the challenges of a number, whatever they are for. */
  async forget({ manager }: Transaction, phoneNumber: string): Promise<void> {
    await manager.delete(OtpChallenge, { phoneNumber });
  }
}

const nothing: Join = { columns: 'NULL AS joined', from: '' };

/** Guesses left in a lane; where the code has none of that name, as many as it begins with. Bound: path, size. */
const left = 'CAST(COALESCE(JSON_EXTRACT(lanes, ?), ?) AS SIGNED)';
const known = "CAST(JSON_EXTRACT(lanes, '$.known') AS SIGNED)";
/** The place of a known network, which its first guess takes. Bound: path, 1 for a known network, otherwise 0. */
const taken = 'CASE WHEN JSON_EXTRACT(lanes, ?) IS NULL THEN ? ELSE 0 END';
