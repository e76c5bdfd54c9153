import { Injectable } from '@nestjs/common';
import { Not } from 'typeorm';
import { addSeconds, Clock } from '../clock/clock';
import { Log } from '../log/log';
import type { Transaction } from '../transaction/transaction';
import { Transactions } from '../transaction/transactions';
import { SmsMessage } from './sms-message.entity';
import type { SmsReceipt } from './sms-receipt';
import { SmsRouter } from './sms-router';
import { reasonOf, type SmsNotTaken } from './sms-transport';

/** How long a dispatcher may keep a text before another one takes it over: longer than any try, clocks apart included. */
const leaseSeconds = 8;
const longestWaitSeconds = 32;

/** A text with the transport that is to take it now. Its count of attempts is what its dispatcher has it by. */
export type ClaimedSms = SmsMessage & { transport: string };

/** What a dispatcher found out: the new state, and what goes with it. */
type Change = Pick<SmsMessage, 'state'> & Partial<SmsMessage>;

/** The states of texts, changed by guarded updates alone, so that many nodes share one outbox. */
@Injectable()
export class SmsQueue {
  constructor(
    private readonly transactions: Transactions,
    private readonly router: SmsRouter,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /**
   * Takes over the text that has been due the longest; one that another dispatcher is just taking is passed over.
   * @returns undefined if none is due, `put_off` for one that no transport can take now
   */
  claim(): Promise<ClaimedSms | 'put_off' | undefined> {
    return this.transactions.run(async (transaction) => {
      const now = this.clock.now();
      const message = await this.longestDue(transaction, now);
      if (message === null) return undefined;
      const choice = this.router.choose(message);
      const change = this.changeBy(choice, message, now);
      await this.change(transaction, message, change);
      return change.state === 'sending' ? (Object.assign(message, change) as ClaimedSms) : 'put_off';
    });
  }

  async recordSent(message: ClaimedSms, providerId: string | undefined): Promise<void> {
    await this.end(message, {
      state: 'sent',
      providerId: providerId && isId(providerId) ? providerId : null,
      reason: null,
    });
  }

  /** There is no code to send any more. What the last try came to, if there was one, tells more than that. */
  async recordExpired(message: ClaimedSms): Promise<void> {
    await this.end(message, { state: 'expired', reason: message.reason ?? 'code_not_live' });
  }

  /** The next transport at once; after the last one a wait, each round twice as long; none where all have refused. */
  async recordNotTaken(message: ClaimedSms, { kind, reason, retryAfterSeconds }: SmsNotTaken): Promise<void> {
    const refused = kind === 'refused' ? { ...message, refusedBy: withName(message) } : message;
    if (this.router.candidates(refused).length === 0) return this.end(refused, { state: 'failed', reason });
    const rounds = Math.ceil(message.attempts / this.router.countFor(message.phoneNumber));
    const wait = Math.max(Math.min(2 ** rounds, longestWaitSeconds), retryAfterSeconds);
    const dueAt = addSeconds(this.clock.now(), this.router.hasNext(refused) ? 0 : wait);
    await this.transactions.run((transaction) =>
      this.change(transaction, message, { state: 'queued', reason, refusedBy: refused.refusedBy, dueAt }),
    );
  }

  /**
   * What became of a text that was sent. Delivered is the last word; a failure sends it over the next transport, if
   * there is one, and only if the transport that failed is the one that has it.
   * @returns false if there is no such text, or it is only just being sent: the receipt came before its own id
   */
  async recordReceipt(transport: string, receipt: SmsReceipt): Promise<boolean> {
    if (receipt.outcome === 'pending') return true;
    const { messageId, providerId } = receipt;
    if (!isId(messageId ?? providerId ?? '')) return false;
    const where = messageId === undefined ? { transport, providerId } : { id: messageId };
    return this.transactions.run(async (transaction) => {
      const message = await transaction.manager.findOneBy(SmsMessage, where);
      if (message === null) return false;
      if (receipt.outcome === 'delivered') return this.recordDelivered(transaction, message);
      if (message.transport !== transport) return true;
      if (message.state === 'sending') return false;
      if (message.state === 'sent') await this.recordUndelivered(transaction, message, receipt);
      return true;
    });
  }

  private async recordDelivered(transaction: Transaction, { id, transport, attempts }: SmsMessage): Promise<boolean> {
    const change = { state: 'delivered' as const, dueAt: null, reason: null, finishedAt: this.clock.now() };
    const { affected } = await transaction.manager.update(SmsMessage, { id, state: Not('delivered') }, change);
    if (affected === 1) this.tell(transaction, { id, transport, attempts, ...change });
    return true;
  }

  private async recordUndelivered(transaction: Transaction, message: SmsMessage, receipt: SmsReceipt): Promise<void> {
    const refused = { ...message, refusedBy: withName(message) };
    const reason = reasonOf('not_delivered', receipt.providerCode);
    const over = this.router.candidates(refused).length === 0;
    const now = this.clock.now();
    const end = over ? { state: 'failed' as const, finishedAt: now } : { state: 'queued' as const, dueAt: now };
    await this.change(transaction, message, { ...end, reason, refusedBy: refused.refusedBy });
  }

  private async end(message: ClaimedSms, change: Change): Promise<void> {
    const { refusedBy } = message;
    const end = { refusedBy, ...change, dueAt: null, finishedAt: this.clock.now() };
    await this.transactions.run((transaction) => this.change(transaction, message, end));
  }

  /** Changes nothing where somebody else has the text by now, or a receipt was faster. */
  private async change(transaction: Transaction, message: SmsMessage, change: Change): Promise<void> {
    const { id, state, attempts } = message;
    const { affected } = await transaction.manager.update(SmsMessage, { id, state, attempts }, change);
    if (affected === 1) this.tell(transaction, { ...message, ...change });
  }

  private tell(
    transaction: Transaction,
    { id, transport, attempts, state, reason }: Pick<SmsMessage, 'id' | 'transport' | 'attempts' | 'state' | 'reason'>,
  ): void {
    if (state === 'sending') return;
    const fields = { messageId: id, transport: transport ?? undefined, attempt: attempts, reason: reason ?? undefined };
    transaction.afterCommit(() => this.log.event(`text ${state}`, fields));
  }

  private changeBy(choice: ReturnType<SmsRouter['choose']>, { attempts }: SmsMessage, now: Date): Change {
    if (choice === undefined) return { state: 'failed', reason: 'no_transport', dueAt: null, finishedAt: now };
    if (choice instanceof Date) return { state: 'queued', dueAt: choice };
    const dueAt = addSeconds(now, leaseSeconds);
    return { state: 'sending', transport: choice.name, attempts: attempts + 1, dueAt };
  }

  private longestDue({ manager, locksRows }: Transaction, now: Date): Promise<SmsMessage | null> {
    const query = manager
      .createQueryBuilder(SmsMessage, 'message')
      .where('message.dueAt <= :now', { now })
      .orderBy('message.dueAt')
      .limit(1);
    if (locksRows) query.setLock('pessimistic_write').setOnLocked('skip_locked');
    return query.getOne();
  }
}

/** As it fits into its column: what does not is found by nobody, but the text is recorded. */
function isId(id: string): boolean {
  return /^[!-~]{1,128}$/.test(id);
}

function withName({ refusedBy, transport }: Pick<SmsMessage, 'refusedBy' | 'transport'>): string {
  return refusedBy === '' ? transport! : `${refusedBy},${transport}`;
}
