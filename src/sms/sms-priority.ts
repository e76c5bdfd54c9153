import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock';
import { PhoneNumber } from '../phone/phone-number';

/** Which texts go first while more are due than can be sent: the lower number. */
export const priority = {
  fresh: 0,
  /** Its country asks for many texts at the moment, or it was tried before. */
  later: 1,
  /** Its prefix asks for many: a flood, or a popular range of numbers. */
  busyPrefix: 2,
  /** The same, and it was tried before. */
  last: 3,
} as const;
export type SmsPriority = (typeof priority)[keyof typeof priority];
export const priorities: readonly SmsPriority[] = Object.values(priority);

/** A prefix is all of a number but its last digits. */
const digitsAfterPrefix = 5;
/** Texts a second and a node that are not yet many. */
const prefixShare = 10;
const countryShare = 50;

/** Of a text that was tried, and must wait. */
export function afterTry(its: SmsPriority): SmsPriority {
  return its < priority.busyPrefix ? priority.later : priority.last;
}

/** Gives new texts their priority, by what else this node was asked for in the same second. */
@Injectable()
export class SmsPriorities {
  private readonly counts = new Map<string, number>();
  private second = 0;

  constructor(private readonly clock: Clock) {}

  /** @param phoneNumber E.164 */
  of(phoneNumber: string): SmsPriority {
    this.beginSecond(Math.floor(this.clock.now().getTime() / 1000));
    if (this.count(phoneNumber.slice(0, -digitsAfterPrefix)) > prefixShare) return priority.busyPrefix;
    const country = PhoneNumber.read(phoneNumber, {})?.country ?? '';
    return this.count(country) > countryShare ? priority.later : priority.fresh;
  }

  private beginSecond(second: number): void {
    if (second !== this.second) this.counts.clear();
    this.second = second;
  }

  private count(key: string): number {
    const count = (this.counts.get(key) ?? 0) + 1;
    this.counts.set(key, count);
    return count;
  }
}
