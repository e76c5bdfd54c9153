import { addSeconds, type Clock } from '../clock/clock';
import type { Sms, SmsNotTaken } from './sms-transport';

/** Different numbers in a row whose texts a transport does not take before it rests. */
const numbersToRest = 5;
const restSeconds = 30;
const maxRestSeconds = 120;

/** One rest for numbers that have failed in this row of failures, and one for all others. */
interface Rest {
  until: Date;
  /** The id of the text that tries the transport out. */
  trial?: string;
}

/**
 * Makes a transport rest when it fails for several different numbers in a row. After the rest one text at a time tries it
 * out, until one is taken. A number that has failed counts once: its later failures keep only such numbers away, so that
 * the texts of one person cannot keep those of others from trying.
 */
export class TransportBreaker {
  private readonly failing = new Set<string>();
  private ofFailing: Rest = { until: new Date(0) };
  private ofOthers: Rest = { until: new Date(0) };

  constructor(private readonly clock: Clock) {}

  /** @param to E.164 */
  restsUntil(to: string): Date {
    return this.restOf(to).until;
  }

  /** Makes this text the trial, if one is needed: until it is done, and for `seconds` at most, others wait. */
  reserve(id: string, to: string, seconds: number): void {
    if (this.isOpen) Object.assign(this.restOf(to), { until: this.in(seconds), trial: id });
  }

  isTrial({ id, to }: Pick<Sms, 'id' | 'to'>): boolean {
    return this.isOpen && this.restOf(to).trial === id;
  }

  /** @returns whether the transport had been resting */
  recordTaken(): boolean {
    const wasOpen = this.isOpen;
    this.failing.clear();
    this.ofFailing = { until: new Date(0) };
    this.ofOthers = { until: new Date(0) };
    return wasOpen;
  }

  /** @returns whether the transport begins to rest */
  recordFault(id: string, to: string, fault: SmsNotTaken): boolean {
    const isTrial = this.isTrial({ id, to });
    if (!counts(fault)) {
      // It says nothing of the transport: the next text may try.
      if (isTrial) Object.assign(this.restOf(to), { until: new Date(0), trial: undefined });
      return false;
    }
    const wasOpen = this.isOpen;
    const isAnother = !this.failing.has(to);
    this.failing.add(to);
    if (!this.isOpen) return false;
    const until = this.in(restSecondsFor(fault));
    this.ofFailing = { until: later(this.ofFailing.until, until) };
    if (isAnother) this.ofOthers = { until: later(this.ofOthers.until, until) };
    return !wasOpen;
  }

  private get isOpen(): boolean {
    return this.failing.size >= numbersToRest;
  }

  private restOf(to: string): Rest {
    return this.failing.has(to) ? this.ofFailing : this.ofOthers;
  }

  private in(seconds: number): Date {
    return addSeconds(this.clock.now(), seconds);
  }
}

export function later(one: Date, other: Date): Date {
  return one > other ? one : other;
}

/** A wish to slow down counts if it says for how long; otherwise each text goes by its own waits. */
function counts({ kind, retryAfterSeconds }: SmsNotTaken): boolean {
  return kind === 'passing' || (kind === 'throttled' && retryAfterSeconds > 0);
}

function restSecondsFor({ kind, retryAfterSeconds }: SmsNotTaken): number {
  const asked = Math.min(retryAfterSeconds, maxRestSeconds);
  return kind === 'throttled' ? asked : Math.max(asked, restSeconds);
}
