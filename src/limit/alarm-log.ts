import { LRUCache } from 'lru-cache';
import type { Log } from '../log/log';
import type { Finding, Mode } from './finding';

/** Of more prefixes than this at a time, the alarm of some is logged twice. */
const mostRaised = 1_000;

/** One line when an alarm is raised, one when a request finds it cleared, whatever comes in between. Each node writes its own. */
export class AlarmLog {
  private readonly raised = new LRUCache<string, true>({ max: mostRaised });

  constructor(private readonly log: Log) {}

  /** @param place the country or prefix that the alarm is about; empty for the whole service */
  note(
    { rule, count, limit }: Finding,
    { isRaised, mode, place = '' }: { isRaised: boolean; mode: Mode; place?: string },
  ): void {
    const key = `${rule} ${place}`;
    if (isRaised === this.raised.has(key)) return;
    if (isRaised) this.raised.set(key, true);
    else this.raised.delete(key);
    this.log.event(isRaised ? 'alarm raised' : 'alarm cleared', { rule, count, limit, place, outcome: mode });
  }
}
