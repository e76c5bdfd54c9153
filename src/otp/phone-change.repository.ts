import { Injectable } from '@nestjs/common';
import { LessThanOrEqual, MoreThan, MoreThanOrEqual } from 'typeorm';
import type { Transaction } from '../transaction/transaction';
import { PhoneChange } from './phone-change.entity';

/** The table of the changes of number that can be undone. */
@Injectable()
export class PhoneChangeRepository {
  /** Keeps a change as the last one of its account. The caller holds a lock on the account. */
  async add({ manager }: Transaction, change: Omit<PhoneChange, 'step'>): Promise<void> {
    const last = await manager.maximum(PhoneChange, 'step', { accountId: change.accountId });
    await manager.insert(PhoneChange, { ...change, step: Number(last ?? 0) + 1 });
  }

  /** @returns null if the change has expired or was ended */
  findLive({ manager }: Transaction, id: string, now: Date): Promise<PhoneChange | null> {
    return manager.findOneBy(PhoneChange, { id, expiresAt: MoreThan(now) });
  }

  /** @param formerNumber E.164 */
  findLiveOf({ manager }: Transaction, formerNumber: string, now: Date): Promise<PhoneChange[]> {
    return manager.findBy(PhoneChange, { formerNumber, expiresAt: MoreThan(now) });
  }

  /** @returns the changes of the account with this step or a later one */
  findFrom({ manager }: Transaction, { accountId, step }: PhoneChange): Promise<PhoneChange[]> {
    return manager.findBy(PhoneChange, { accountId, step: MoreThanOrEqual(step) });
  }

  findOfAccount({ manager }: Transaction, accountId: string): Promise<PhoneChange[]> {
    return manager.findBy(PhoneChange, { accountId });
  }

  /** @returns the first `max` of those that have expired, by the time of their end */
  findExpired({ manager }: Transaction, now: Date, max: number): Promise<PhoneChange[]> {
    return manager.find(PhoneChange, {
      where: { expiresAt: LessThanOrEqual(now) },
      order: { expiresAt: 'ASC' },
      take: max,
    });
  }

  /** @returns false if another call has ended the change */
  async end({ manager }: Transaction, { id }: PhoneChange): Promise<boolean> {
    const { affected } = await manager.delete(PhoneChange, { id });
    return affected === 1;
  }
}
