import { Injectable } from '@nestjs/common';

/** The one source of time: every timestamp and every comparison of times asks it. */
@Injectable()
export class Clock {
  /** The time, to write down and to compare. Nodes must agree on it: see docs/decisions/0015-time.md. */
  now(): Date {
    return new Date();
  }

  /** This machine's time, only to be compared with that of another machine. */
  machineNow(): Date {
    return new Date();
  }

  /**
   * For lives of what is kept in memory: a clock that is set back or forward does not change them.
   * @returns milliseconds, with fractions, since some moment before the start of the process
   */
  monotonicMilliseconds(): number {
    return performance.now();
  }
}

/** @param seconds may be negative, or have fractions */
export function addSeconds(time: Date, seconds: number): Date {
  return new Date(time.getTime() + seconds * 1000);
}

/**
 * How long a caller must wait, in whole seconds from `from` until `until`, at least 1.
 * @param most the length of the wait when it began. Another request may have set `until` by a later time than this
 *   one's: it overtook this one, or ran on a node whose clock is ahead.
 */
export function secondsUntil(until: Date, from: Date, most: number): number {
  return Math.min(most, Math.max(1, Math.ceil((until.getTime() - from.getTime()) / 1000)));
}

/** As Django REST framework writes times: ISO 8601 in UTC, six digits of a second or none. */
export function timeText(time: Date): string {
  return time.toISOString().replace(/\.(\d{3})Z$/, (_end, fraction) => (fraction === '000' ? 'Z' : `.${fraction}000Z`));
}
