import type { Clock } from '../clock/clock';
import type { TestNumber } from './test-number-settings';

/** Numbers with a fixed code, for the people who review an app before its store takes it. Each ends on a set day. */
export class TestNumbers {
  constructor(
    private readonly numbers: readonly TestNumber[],
    private readonly clock: Clock,
  ) {}

  codeOf(phoneNumber: string): string | undefined {
    const found = this.numbers.find((it) => it.phoneNumber === phoneNumber);
    return found && found.until >= this.clock.now() ? found.code : undefined;
  }
}
