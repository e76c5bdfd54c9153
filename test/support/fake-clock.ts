import { Clock } from '../../src/clock/clock';

/** Stands still until it is told to go on. */
export class FakeClock extends Clock {
  constructor(private time = new Date('2026-06-01T12:00:00.250Z')) {
    super();
  }

  override now(): Date {
    return new Date(this.time);
  }

  advance(seconds: number): void {
    this.time = new Date(this.time.getTime() + seconds * 1000);
  }
}
