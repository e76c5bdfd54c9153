import { Injectable } from '@nestjs/common';

/** The one source of time: every timestamp and every comparison of times asks it. */
@Injectable()
export class Clock {
  now(): Date {
    return new Date();
  }
}

export function addSeconds(time: Date, seconds: number): Date {
  return new Date(time.getTime() + seconds * 1000);
}

/** Whole seconds from `from` until `until`, at least 1: what a caller told to wait must wait. */
export function secondsUntil(until: Date, from: Date): number {
  return Math.max(1, Math.ceil((until.getTime() - from.getTime()) / 1000));
}

/** As Django REST framework writes times: ISO 8601 in UTC, six digits of a second or none. */
export function timeText(time: Date): string {
  return time.toISOString().replace(/\.(\d{3})Z$/, (_end, fraction) => (fraction === '000' ? 'Z' : `.${fraction}000Z`));
}
