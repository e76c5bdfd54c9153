import { Injectable } from '@nestjs/common';
import { v4 as uuidv4 } from 'uuid';
import { addSeconds, Clock, secondsUntil } from '../clock/clock';
import type { SmsMessage } from '../sms/sms-message.entity';
import { SmsOutbox } from '../sms/sms-outbox';
import type { Transaction } from '../transaction/transaction';
import { TransactionRunner } from '../transaction/transaction-runner';
import type { LiveCode } from './live-code';
import { OtpCodes } from './otp-codes';
import type { PhoneChange } from './phone-change.entity';
import { PhoneChangeRepository } from './phone-change.repository';
import { UndoCodes } from './undo-codes';

/** How long the former number can undo a change. */
const lifeSeconds = 72 * 3600;
/** Providers take no longer validity than this: the shortest bound, Twilio's, is 4 hours. */
const maxValiditySeconds = 4 * 3600;
const batchSize = 100;

/** Changes of number that can be undone, and the texts that tell the former numbers how. */
@Injectable()
export class PhoneChanges {
  constructor(
    private readonly transactions: TransactionRunner,
    private readonly changes: PhoneChangeRepository,
    private readonly codes: UndoCodes,
    private readonly otpCodes: OtpCodes,
    private readonly outbox: SmsOutbox,
    private readonly clock: Clock,
  ) {}

  /**
   * Keeps a change and leaves the text to the former number in the outbox. The caller holds a lock on the account.
   * @param formerNumber E.164
   * @param locale BCP 47; empty for the language of the number's country
   */
  async record(transaction: Transaction, accountId: string, formerNumber: string, locale: string): Promise<void> {
    const id = uuidv4();
    const expiresAt = addSeconds(this.clock.now(), lifeSeconds);
    await this.changes.add(transaction, { id, accountId, formerNumber, keyId: this.codes.keyId, expiresAt });
    await this.outbox.add(transaction, {
      template: 'phone-changed',
      challengeId: id,
      to: formerNumber,
      language: { locale },
      unsent: this.otpCodes.isKnown(formerNumber),
    });
  }

  /**
   * @param formerNumber E.164
   * @returns undefined whatever is wrong: the code, the number or the time
   */
  async find(transaction: Transaction, formerNumber: string, code: string): Promise<PhoneChange | undefined> {
    const changes = await this.changes.findLiveOf(transaction, formerNumber, this.clock.now());
    return changes.find((change) => this.codes.isRight(change, code));
  }

  /**
   * Ends a change and the later ones of its account, which cannot be undone once it is. The caller holds a lock on the
   * account.
   * @returns those that were ended; undefined if another call was first
   */
  async endFrom(transaction: Transaction, change: PhoneChange): Promise<PhoneChange[] | undefined> {
    if (!(await this.end(transaction, change))) return undefined;
    const later = await this.changes.findFrom(transaction, change);
    for (const it of later) await this.end(transaction, it);
    return [change, ...later];
  }

  /** Nothing is kept of an account that is deleted. */
  async forget(transaction: Transaction, accountId: string): Promise<void> {
    for (const change of await this.changes.findOfAccount(transaction, accountId)) await this.end(transaction, change);
  }

  /** @returns undefined if the change can no longer be undone: such a text is not sent */
  async liveCodeFor({ challengeId: id }: Pick<SmsMessage, 'challengeId'>): Promise<LiveCode | undefined> {
    const now = this.clock.now();
    const change = await this.transactions.run((transaction) => this.changes.findLive(transaction, id, now));
    const code = change ? this.codes.textOf(change) : undefined;
    if (change === null || code === undefined) return undefined;
    return { code, ttlSeconds: secondsUntil(change.expiresAt, now, maxValiditySeconds) };
  }

  /** Forgets the changes that can no longer be undone, in batches. */
  async removeExpired(): Promise<void> {
    for (let removed = batchSize; removed === batchSize;) {
      removed = await this.transactions.run(async (transaction) => {
        const expired = await this.changes.findExpired(transaction, this.clock.now(), batchSize);
        for (const change of expired) await this.end(transaction, change);
        return expired.length;
      });
    }
  }

  /** The text that tells of the change goes with it. */
  private async end(transaction: Transaction, change: PhoneChange): Promise<boolean> {
    const ended = await this.changes.end(transaction, change);
    await this.outbox.cancel(transaction, change.formerNumber, change.id);
    return ended;
  }
}
