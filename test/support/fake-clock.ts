import { Clock } from '../../src/clock/clock';

/** Stands still until it is told to go on. */
export class FakeClock extends Clock {
  /** By how much the machine's own clock is ahead. */
  machineAheadSeconds = 0;
  private passedMilliseconds = 0;

  constructor(private time = new Date('2026-06-01T12:00:00.250Z')) {
    super();
  }

  override now(): Date {
    return new Date(this.time);
  }

  override machineNow(): Date {
    return new Date(super.machineNow().getTime() + this.machineAheadSeconds * 1000);
  }

  override monotonicMilliseconds(): number {
    return this.passedMilliseconds;
  }

  /** Time passes. */
  advance(seconds: number): void {
    this.passedMilliseconds += seconds * 1000;
    this.set(seconds);
  }

  /** The clock is set, forward or back, and no time passes. */
  set(seconds: number): void {
    this.time = new Date(this.time.getTime() + seconds * 1000);
  }
}
