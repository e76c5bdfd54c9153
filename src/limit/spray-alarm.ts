import type { AlarmLog } from './alarm-log';
import type { Counts } from './counts';
import { isShare, type Finding } from './finding';
import type { LimitSettings } from './limit-settings';
import type { Counter, Tally } from './tally';

const verifies: Counter = { key: 'verifies', windowSeconds: 300 };
const failures: Counter = { key: 'failures', windowSeconds: 300 };
const verifiesInDay: Counter = { key: 'verifies-in-day', windowSeconds: 86_400 };
const failuresInDay: Counter = { key: 'failures-in-day', windowSeconds: 86_400 };
/** Counts the wrong guesses at which the alarm was on: it stays on until 15 minutes after the last of them. */
const alarms: Counter = { key: 'spray', windowSeconds: 900 };

type Settings = Pick<
  LimitSettings,
  'spray' | 'sprayVerifies' | 'sprayPercent' | 'sprayDailyFailures' | 'sprayDailyPercent'
>;

/** Notices that codes are guessed over many numbers and from many addresses, so that no other limit is reached. */
export class SprayAlarm {
  constructor(
    private readonly counts: Counts,
    private readonly settings: Settings,
    private readonly log: AlarmLog,
  ) {}

  /** For a request for a code: a challenge while the alarm is raised. */
  async check(): Promise<Finding[]> {
    const { spray: mode, sprayPercent } = this.settings;
    if (mode === 'off') return [];
    const [raised, all, failed] = await this.counts.read([alarms, verifies, failures]);
    const isRaised = raised.sum > 0;
    const finding: Finding = {
      rule: 'spray',
      count: failed.sum,
      limit: Math.ceil((all.sum * sprayPercent) / 100),
      verdict: isRaised && mode === 'enforce' ? 'challenge' : 'pass',
      help: 'Solve a challenge, or use a known device.',
    };
    this.log.note(finding, { isRaised, mode });
    return [finding];
  }

  /** @returns whether codes for clients without a known device must be alphanumeric */
  async isRaised(): Promise<boolean> {
    if (this.settings.spray !== 'enforce') return false;
    const [raised] = await this.counts.read([alarms]);
    return raised.sum > 0;
  }

  /** @returns what a guess counts for */
  countersOfGuess(right: boolean): Counter[] {
    if (this.settings.spray === 'off') return [];
    return right ? [verifies, verifiesInDay] : [verifies, verifiesInDay, failures, failuresInDay];
  }

  /** To be called once a wrong guess is counted: a right one raises no share of wrong ones. */
  async judge(now: Date): Promise<void> {
    if (this.settings.spray === 'off') return;
    const tallies = await this.counts.read([verifies, failures, verifiesInDay, failuresInDay]);
    if (!this.isSuspicious(tallies)) return;
    await this.counts.add([{ counter: alarms, at: now }]);
    await this.check();
  }

  private isSuspicious([all, failed, allInDay, failedInDay]: readonly [Tally, Tally, Tally, Tally]): boolean {
    const { sprayVerifies, sprayPercent, sprayDailyFailures, sprayDailyPercent } = this.settings;
    if (all.sum >= sprayVerifies && isShare(failed.sum, all.sum, sprayPercent)) return true;
    return failedInDay.sum >= sprayDailyFailures && failedInDay.sum > mostByChance(allInDay.sum, sprayDailyPercent);
  }
}

/**
 * Where 8 % of guesses fail by themselves, the share of a day is above 8 % half of the time. So the share and four standard
 * deviations (of the binomial distribution) are allowed: 8.4 % of 60,000, 9.1 % of 10,000.
 */
export function mostByChance(guesses: number, percent: number): number {
  const share = percent / 100;
  return guesses * share + 4 * Math.sqrt(guesses * share * (1 - share));
}
