import { Inject, Injectable } from '@nestjs/common';
import { MoreThan } from 'typeorm';
import { v4 as uuidv4 } from 'uuid';
import type { ClientInfo } from '../client/client-info';
import type { LanguageWish } from '../client/language-wish';
import { addSeconds, Clock, secondsUntil } from '../clock/clock';
import { Throttled } from '../error/refusal';
import { withAsciiDigits } from '../phone/ascii-digits';
import { SmsOutbox } from '../sms/sms-outbox';
import { isDuplicate } from '../transaction/database-fault';
import type { Transaction } from '../transaction/transaction';
import { OtpChallenge, type OtpPurpose } from './otp-challenge.entity';
import { isSameCode } from './otp-code';
import { OtpCodes } from './otp-codes';
import { OtpLog, type GuessOutcome, type RequestOutcome } from './otp-log';
import { gapSeconds, OTP_POLICY, resendableSeconds, type OtpPolicy } from './otp-policy';

/** A code that is on its way. Whole seconds. */
export interface IssuedOtp {
  expiresIn: number;
  resendIn: number;
  /** Of the text, to ask by what became of it. */
  requestId: string;
}

/** Who can use a code: the session that asked for it. Other sessions of its account may ask for it anew. */
export interface OtpOwner {
  accountId: string;
  sessionId: string;
}

interface RequestedOtp {
  phoneNumber: string;
  purpose: OtpPurpose;
  owner?: OtpOwner;
}

/** What a number without a challenge is compared with: the same statements, and no code is right. */
const nobody = { id: '', keyId: '', state: 'never_sent' } as const;

/** One-time codes: one live challenge a number and purpose, counted exactly by guarded updates. */
@Injectable()
export class OtpService {
  constructor(
    @Inject(OTP_POLICY) private readonly policy: OtpPolicy,
    private readonly codes: OtpCodes,
    private readonly clock: Clock,
    private readonly outbox: SmsOutbox,
    private readonly log: OtpLog,
  ) {}

  /**
   * Issue a code, or send the live one once more if enough of its life is left, and leave the text in the outbox.
   * @param phoneNumber E.164
   * @param owner none where any caller who knows the code can use it
   * @throws Throttled inside the gap after the last text, and while a code of another account is live
   */
  async request(
    transaction: Transaction,
    phoneNumber: string,
    purpose: OtpPurpose,
    language: LanguageWish,
    owner?: OtpOwner,
    client?: ClientInfo,
  ): Promise<IssuedOtp> {
    const otp = { phoneNumber, purpose, owner };
    const subject = { phoneNumber, purpose, client };
    const now = this.clock.now();
    const outcome: RequestOutcome =
      ((await this.resend(transaction, otp, now)) && 'sent_again') ||
      ((await this.replace(transaction, otp, now)) && 'replaced') ||
      ((await this.issue(transaction, otp, now)) && 'issued') ||
      'in_gap';
    const challenge = await transaction.manager.findOneByOrFail(OtpChallenge, { phoneNumber, purpose });
    if (outcome === 'in_gap') {
      this.log.requested(subject, outcome);
      throw new Throttled(this.secondsUntilSendable(challenge, otp, now));
    }
    transaction.afterCommit(() => this.log.requested(subject, outcome));
    const requestId = await this.outbox.add(transaction, {
      template: purpose,
      challengeId: challenge.id,
      to: phoneNumber,
      language,
      unsent: this.codes.isKnown(phoneNumber),
    });
    return {
      requestId,
      expiresIn: Math.floor((challenge.expiresAt.getTime() - now.getTime()) / 1000),
      resendIn: gapSeconds(this.policy, challenge.sends),
    };
  }

  /**
   * Compare a code with the live one, count the comparison, and use the code up if it is right.
   * The answer must not be given before the transaction has committed: a rollback refunds the guess.
   */
  async consume(
    transaction: Transaction,
    phoneNumber: string,
    purpose: OtpPurpose,
    otp: string,
    sessionId = '',
    client?: ClientInfo,
  ): Promise<boolean> {
    const now = this.clock.now();
    const { rows } = await transaction.execute<{ id: string; keyId: string; state: GuessOutcome | 'live' }>(
      `SELECT id, key_id AS keyId, CASE WHEN consumed_at IS NOT NULL THEN 'used' WHEN expires_at <= ? THEN 'expired'
         WHEN attempts >= ? THEN 'used_up' WHEN COALESCE(session_id, '') <> ? THEN 'foreign' ELSE 'live' END AS state
       FROM otp_challenge WHERE phone_number = ? AND purpose = ?`,
      [now, this.policy.maxAttempts, sessionId, phoneNumber, purpose],
    );
    const { id, keyId, state } = rows[0] ?? nobody;
    const code = this.codes.of({ purpose, phoneNumber, id, keyId });
    const right = code !== undefined && isSameCode(code, withAsciiDigits(otp));
    // What was read may be old by now. The update counts only if that very challenge is still live and has a guess
    // left, in one statement: so five are compared and one succeeds, whatever runs beside it.
    const { affected } = await transaction.execute(
      `UPDATE otp_challenge SET attempts = attempts + 1, consumed_at = ?
       WHERE phone_number = ? AND purpose = ? AND id = ?
         AND COALESCE(session_id, '') = ? AND consumed_at IS NULL AND expires_at > ? AND attempts < ?`,
      [right ? now : null, phoneNumber, purpose, id, sessionId, now, this.policy.maxAttempts],
    );
    const counted = right ? 'right' : 'wrong';
    const uncounted = state === 'live' ? 'overtaken' : state;
    const outcome = affected === 1 ? counted : uncounted;
    transaction.afterCommit(() => this.log.guessed({ phoneNumber, purpose, client }, outcome));
    return outcome === 'right';
  }

  /** A guess that is refused for another reason than its code counts like any other. */
  async countGuess(transaction: Transaction, phoneNumber: string, purpose: OtpPurpose, sessionId = ''): Promise<void> {
    await transaction.execute(
      `UPDATE otp_challenge SET attempts = attempts + 1
       WHERE phone_number = ? AND purpose = ?
         AND COALESCE(session_id, '') = ? AND consumed_at IS NULL AND expires_at > ? AND attempts < ?`,
      [phoneNumber, purpose, sessionId, this.clock.now(), this.policy.maxAttempts],
    );
  }

  /** @returns whether this session has just used this very code, at most so many seconds ago */
  async hasUsed(
    { manager }: Transaction,
    phoneNumber: string,
    purpose: OtpPurpose,
    otp: string,
    { sessionId, withinSeconds }: { sessionId: string; withinSeconds: number },
  ): Promise<boolean> {
    const consumedAt = MoreThan(addSeconds(this.clock.now(), -withinSeconds));
    const challenge = await manager.findOneBy(OtpChallenge, { phoneNumber, purpose, sessionId, consumedAt });
    const code = challenge ? this.codes.of(challenge) : undefined;
    return code !== undefined && isSameCode(code, withAsciiDigits(otp));
  }

  /** Nothing is kept of a number that leaves. */
  async forget(transaction: Transaction, phoneNumber: string): Promise<void> {
    await transaction.manager.delete(OtpChallenge, { phoneNumber });
    await this.outbox.forget(transaction, phoneNumber);
  }

  /** A live code goes out once more as it is; the guesses made stay made. */
  private async resend(transaction: Transaction, { phoneNumber, purpose, owner }: RequestedOtp, now: Date) {
    const readableUntil = addSeconds(now, resendableSeconds(this.policy));
    // `resend_at` before `sends`: MySQL assigns from left to right, and the gap is that of the old count.
    const { affected } = await transaction.execute(
      `UPDATE otp_challenge SET resend_at = CASE sends WHEN 1 THEN ? ELSE ? END, sends = sends + 1,
         session_id = ?
       WHERE phone_number = ? AND purpose = ? AND resend_at <= ?
         AND COALESCE(account_id, '') = ? AND consumed_at IS NULL AND expires_at >= ? AND attempts < ?`,
      [
        ...[this.gapEnd(now, 2), this.gapEnd(now, 3), owner?.sessionId ?? null, phoneNumber, purpose, now],
        ...[owner?.accountId ?? '', readableUntil, this.policy.maxAttempts],
      ],
    );
    return affected === 1;
  }

  /**
   * A code that is used, expired, guessed to the end or about to expire makes room for a new one. Before the end of its
   * life the gaps go on growing. A new code in place of one that was about to expire keeps the guesses made: it must
   * give none back (NIST SP 800-63B-4, section 3.1.3.2). A live code of another account stays.
   */
  private async replace(transaction: Transaction, { phoneNumber, purpose, owner }: RequestedOtp, now: Date) {
    const unused = 'consumed_at IS NULL AND expires_at > ?';
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
        ...[now, this.gapEnd(now, 2), this.gapEnd(now, 3), this.gapEnd(now, 1)],
        now,
        ...[now, this.policy.maxAttempts],
        ...[uuidv4(), owner?.accountId ?? null, owner?.sessionId ?? null, this.codes.keyId, now, this.expiry(now)],
        ...[phoneNumber, purpose, now],
        ...[owner?.accountId ?? '', now, this.policy.maxAttempts],
      ],
    );
    return affected === 1;
  }

  private async issue(transaction: Transaction, { phoneNumber, purpose, owner }: RequestedOtp, now: Date) {
    try {
      await transaction.manager.insert(OtpChallenge, {
        phoneNumber,
        purpose,
        accountId: owner?.accountId ?? null,
        sessionId: owner?.sessionId ?? null,
        id: uuidv4(),
        keyId: this.codes.keyId,
        attempts: 0,
        sends: 1,
        issuedAt: now,
        resendAt: this.gapEnd(now, 1),
        expiresAt: this.expiry(now),
        consumedAt: null,
      });
      return true;
    } catch (error) {
      if (isDuplicate(error)) return false;
      throw error;
    }
  }

  private secondsUntilSendable(
    { resendAt, expiresAt, ...challenge }: OtpChallenge,
    { owner }: RequestedOtp,
    now: Date,
  ) {
    const live = challenge.consumedAt === null && expiresAt > now && challenge.attempts < this.policy.maxAttempts;
    const isOthers = live && challenge.accountId !== (owner?.accountId ?? null);
    if (isOthers && expiresAt > resendAt) return secondsUntil(expiresAt, now, this.policy.ttlSeconds);
    return secondsUntil(resendAt, now, gapSeconds(this.policy, challenge.sends));
  }

  private gapEnd(now: Date, sends: number): Date {
    return addSeconds(now, gapSeconds(this.policy, sends));
  }

  private expiry(now: Date): Date {
    return addSeconds(now, this.policy.ttlSeconds);
  }
}
