import { Injectable } from '@nestjs/common';
import { ExponentialBackoff, handleType, retry } from 'cockatiel';
import { Not, type UpdateQueryBuilder } from 'typeorm';
import { addSeconds, Clock } from '../clock/clock';
import { ServiceUnavailable } from '../error/refusal';
import { Log } from '../log/log';
import type { Transaction } from '../transaction/transaction';
import { TransactionRunner } from '../transaction/transaction-runner';
import { GroupCommit } from './group-commit';
import { SmsMessage } from './sms-message.entity';
import type { SmsPlaces } from './sms-places';
import { afterTry, priority, type SmsPriority } from './sms-priority';
import type { SmsReceipt } from './sms-receipt';
import { SmsRouter } from './sms-router';
import { reasonOf, type SmsNotTaken } from './sms-transport';

/** How long a dispatcher may keep a text before another one takes it over: longer than any try, clocks apart included. */
const leaseSeconds = 8;
const maxWaitSeconds = 32;

/** A text with the transport that is to take it now. Its count of attempts is what its dispatcher has it by. */
export type ClaimedSms = SmsMessage & { transport: string };

/** What one look at the queue came to. */
export interface Claims {
  claimed: ClaimedSms[];
  /** How many texts were due, those that no transport can take now included. */
  found: number;
}

interface Result {
  message: SmsMessage;
  change: Change;
}

/** Paid sends of one text. */
const maxSends = 2;
/** One claim out of so many goes by age alone, so that no priority waits for ever. */
const claimsPerClaimByAge = 4;

/** What a dispatcher found out: the new state, and what goes with it. */
type Change = Pick<SmsMessage, 'state'> & Partial<SmsMessage>;

/** The half of the texts' table that sending changes: states, by guarded updates alone, so that many nodes share one outbox. */
@Injectable()
export class SmsQueue {
  /** A result that is lost means a second send: it is tried again as long as the lease lasts. */
  private readonly persistence = retry(handleType(ServiceUnavailable), {
    maxAttempts: 3,
    backoff: new ExponentialBackoff({ initialDelay: 100, maxDelay: 400 }),
  });
  private readonly results = new GroupCommit<Result>((results) =>
    this.persistence.execute(() => this.transactions.run((transaction) => this.record(transaction, results))),
  );
  private claims = 0;

  constructor(
    private readonly transactions: TransactionRunner,
    private readonly router: SmsRouter,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /**
   * Takes over texts that are due, as many as there are places for: by priority, then by age. Texts that another
   * dispatcher is just taking are passed over. A text that no transport can take now is put off.
   */
  claim(places: SmsPlaces): Promise<Claims> {
    this.claims += 1;
    const byAge = this.claims % claimsPerClaimByAge === 0 && places.has(priority.last);
    return this.transactions.run(async (transaction) => {
      const now = this.clock.now();
      const free = places.copy();
      const due = await this.findDue(transaction, now, free, byAge);
      const results: Result[] = [];
      for (const message of due) {
        if (!free.has(message.priority)) continue;
        const change = this.changeBy(this.router.choose(message), message, now);
        if (change.state === 'sending') free.take(message.priority);
        results.push({ message, change });
      }
      await this.changeAll(transaction, results);
      const claimed = results.map(({ message, change }) => ({ ...message, ...change }));
      return { claimed: claimed.filter(isClaimed), found: due.length };
    });
  }

  async recordSent(message: ClaimedSms, providerId: string | undefined): Promise<void> {
    await this.end(message, {
      state: 'sent',
      providerId: providerId && isId(providerId) ? providerId : null,
      sends: message.sends + 1,
      reason: null,
    });
  }

  /** There is no code to send any more. What the last try came to, if there was one, tells more than that. */
  async recordExpired(message: ClaimedSms): Promise<void> {
    await this.end(message, { state: 'expired', reason: message.reason ?? 'code_not_live' });
  }

  /**
   * The next transport at once; after the last one a wait, each round twice as long; none if all have refused.
   * @param ttlSeconds how long the code still lives: no wait is longer
   */
  async recordNotTaken(message: ClaimedSms, fault: SmsNotTaken, ttlSeconds: number): Promise<void> {
    const { kind, reason, retryAfterSeconds } = fault;
    const refused = kind === 'refused' ? { ...message, refusedBy: withName(message) } : message;
    if (this.router.candidates(refused).length === 0) return this.end(refused, { state: 'failed', reason });
    const rounds = Math.ceil(message.attempts / this.router.countFor(message.phoneNumber));
    const wait = Math.max(Math.min(2 ** rounds, maxWaitSeconds), retryAfterSeconds);
    const now = this.clock.now();
    const next = this.router.hasNext(refused)
      ? { dueAt: now }
      : { dueAt: addSeconds(now, Math.min(wait, ttlSeconds)), priority: afterTry(message.priority) };
    const change: Change = { state: 'queued', reason, refusedBy: refused.refusedBy, ...next };
    await this.results.add({ message, change });
  }

  /**
   * What became of a text that was sent. Delivered is the last word; a failure sends it over the next transport, if
   * there is one and only one send is paid so far, and only if the transport that failed is the one that has it.
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
    const over = message.sends >= maxSends || this.router.candidates(refused).length === 0;
    const now = this.clock.now();
    const next = over
      ? { state: 'failed' as const, finishedAt: now }
      : { state: 'queued' as const, dueAt: now, priority: afterTry(message.priority) };
    await this.change(transaction, message, { ...next, reason, refusedBy: refused.refusedBy });
  }

  private async end(message: ClaimedSms, change: Change): Promise<void> {
    const { refusedBy } = message;
    const end = { refusedBy, ...change, dueAt: null, finishedAt: this.clock.now() };
    await this.results.add({ message, change: end });
  }

  /** Changes what these dispatchers still have: another one may have taken a text over, or a receipt was faster. */
  private async record(transaction: Transaction, results: readonly Result[]): Promise<void> {
    const query = transaction.manager
      .createQueryBuilder(SmsMessage, 'message')
      .select(['message.id', 'message.state', 'message.attempts'])
      .whereInIds(results.map(({ message }) => message.id));
    if (transaction.locksRows) query.setLock('pessimistic_write');
    const found = new Map((await query.getMany()).map((it) => [it.id, it]));
    const held = results.filter(({ message: { id, state, attempts } }) => {
      const current = found.get(id);
      return current?.state === state && current.attempts === attempts;
    });
    await this.changeAll(transaction, held);
  }

  /** Changes rows that this transaction has locked: one statement for all that change alike. */
  private async changeAll(transaction: Transaction, results: readonly Result[]): Promise<void> {
    const groups = new Map<string, Result[]>();
    for (const result of results) {
      const key = JSON.stringify({ ...result.change, providerId: undefined });
      groups.set(key, [...(groups.get(key) ?? []), result]);
    }
    for (const group of groups.values()) {
      const { affected } = await updateOf(transaction, group).execute();
      if (affected !== group.length) throw new Error('texts changed under the lock of their dispatcher');
    }
    results.forEach(({ message, change }) => this.tell(transaction, { ...message, ...change }));
  }

  /** @returns false, with nothing changed, if another dispatcher has the text by now, or a receipt was faster */
  private async change(transaction: Transaction, message: SmsMessage, change: Change): Promise<boolean> {
    const { id, state, attempts } = message;
    const { affected } = await transaction.manager.update(SmsMessage, { id, state, attempts }, change);
    if (affected !== 1) return false;
    this.tell(transaction, { ...message, ...change });
    return true;
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

  private async findDue(transaction: Transaction, now: Date, places: SmsPlaces, byAge: boolean): Promise<SmsMessage[]> {
    if (byAge) return this.findOldest(transaction, now, places.free);
    const found: SmsMessage[] = [];
    for (const it of places.open) {
      const room = Math.min(places.free - found.length, places.roomFor(it));
      if (room > 0) found.push(...(await this.findOldest(transaction, now, room, it)));
    }
    return found;
  }

  /** Goes along one index in its order, so that it locks no row but those that it finds. */
  private findOldest({ manager, locksRows }: Transaction, now: Date, max: number, its?: SmsPriority) {
    const query = manager
      .createQueryBuilder(SmsMessage, 'message')
      .where('message.dueAt <= :now', { now })
      .orderBy('message.dueAt')
      .limit(max);
    if (its !== undefined) query.andWhere('message.priority = :its', { its });
    if (locksRows) query.setLock('pessimistic_write').setOnLocked('skip_locked');
    return query.getMany();
  }
}

function isClaimed(message: SmsMessage): message is ClaimedSms {
  return message.state === 'sending';
}

/** One statement for texts that change alike, but for their ids at the provider. */
function updateOf({ manager }: Transaction, group: readonly Result[]): UpdateQueryBuilder<SmsMessage> {
  const { change } = group[0]!;
  const ids = group.map(({ message }) => message.id);
  const update = manager.createQueryBuilder().update(SmsMessage).where('id IN (:...ids)', { ids });
  if (change.providerId === undefined) return update.set(change);
  const cases = group.map((_result, place) => `WHEN :id${place} THEN :providerId${place}`);
  const values = group.flatMap(({ message, change: { providerId } }, place) => [
    [`id${place}`, message.id],
    [`providerId${place}`, providerId],
  ]);
  return update
    .set({ ...change, providerId: () => `CASE id ${cases.join(' ')} END` })
    .setParameters(Object.fromEntries(values) as Record<string, string | null>);
}

/** Whether it fits into its column. The text is recorded without an id that does not, and a receipt with one finds no text. */
function isId(id: string): boolean {
  return /^[!-~]{1,128}$/.test(id);
}

function withName({ refusedBy, transport }: Pick<SmsMessage, 'refusedBy' | 'transport'>): string {
  return refusedBy === '' ? transport! : `${refusedBy},${transport}`;
}
