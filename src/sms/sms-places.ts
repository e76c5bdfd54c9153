import { priorities, type SmsPriority } from './sms-priority';

/** By priority: the share of all places that texts of it and of those behind it may have together. */
const shares = [1, 7 / 8, 3 / 4, 1 / 2];

/** Places for texts under way. Some are kept free for each priority, so that a slow flood cannot take them all. */
export class SmsPlaces {
  private constructor(private readonly left: number[]) {}

  /** @param max texts under way at a time, 1 or more */
  static of(max: number): SmsPlaces {
    return new SmsPlaces(shares.map((share) => Math.max(1, Math.floor(max * share))));
  }

  copy(): SmsPlaces {
    return new SmsPlaces([...this.left]);
  }

  /** How many texts may start now, whatever their priority. */
  get free(): number {
    return this.left[0]!;
  }

  roomFor(priority: SmsPriority): number {
    return Math.min(...this.left.slice(0, priority + 1));
  }

  /** The priorities of which a text may start now. */
  get open(): SmsPriority[] {
    return priorities.filter((it) => this.has(it));
  }

  has(priority: SmsPriority): boolean {
    return this.roomFor(priority) > 0;
  }

  take(priority: SmsPriority): void {
    this.add(priority, -1);
  }

  giveBack(priority: SmsPriority): void {
    this.add(priority, 1);
  }

  private add(priority: SmsPriority, count: number): void {
    for (let it = 0; it <= priority; it++) this.left[it]! += count;
  }
}
