import type { Random } from './random';
import type { Actor } from './schedule';
import type { Caller, World } from './world';

/** From the text to the typed code. */
const typingMilliseconds = 15_000;

/** How honest people fared. */
export interface Fortunes {
  asked: number;
  challenged: number;
  signedIn: number;
  wrong: number;
  /** Requests and guesses that were refused, by rule. */
  refused: Map<string, number>;
}

export interface CrowdSettings {
  people: number;
  /** Sign-ins a second on average; they come at random (a Poisson process). */
  perSecond: number;
  /** Of a hundred codes that are typed, so many are wrong. */
  wrongPercent: number;
  /** Addresses behind which they are, at random. */
  addresses: readonly string[];
  phoneNumber(random: Random): string;
}

interface Waiting {
  at: number;
  phoneNumber: string;
  caller: Caller;
}

/** Honest people who sign in: each asks, solves a challenge if told, and types until the code is right. */
export class Crowd {
  readonly fortunes: Fortunes = { asked: 0, challenged: 0, signedIn: 0, wrong: 0, refused: new Map() };

  constructor(
    private readonly world: World,
    private readonly settings: CrowdSettings,
    private readonly random: Random,
  ) {}

  /** @returns when all have signed in or were refused */
  async *signIn(begin = 0): Actor {
    const waiting: Waiting[] = [];
    let [next, left] = [begin, this.settings.people];
    while (left > 0 || waiting.length > 0) {
      if (left === 0 || (waiting[0]?.at ?? Infinity) <= next) {
        const { at, phoneNumber, caller } = waiting.shift()!;
        yield at;
        await this.type(phoneNumber, caller);
        continue;
      }
      yield next;
      const phoneNumber = this.settings.phoneNumber(this.random);
      const caller = { address: this.random.pick(this.settings.addresses) };
      if (await this.ask(phoneNumber, caller)) waiting.push({ at: next + typingMilliseconds, phoneNumber, caller });
      left -= 1;
      next += (-Math.log(1 - this.random.next()) / this.settings.perSecond) * 1000;
    }
  }

  private async ask(phoneNumber: string, caller: Caller): Promise<boolean> {
    this.fortunes.asked += 1;
    const before = this.world.solved;
    const asked = await this.world.askAnyway(phoneNumber, caller);
    this.fortunes.challenged += this.world.solved - before;
    // A number that comes twice within its gap: the code is on its way.
    if (asked.kind === 'wait' && asked.rule !== 'code_already_sent') this.refusedBy(asked.rule);
    return asked.kind === 'sent' || (asked.kind === 'wait' && asked.rule === 'code_already_sent');
  }

  private async type(phoneNumber: string, caller: Caller): Promise<void> {
    for (let guesses = 0; guesses < 5; guesses++) {
      const isWrong = this.random.next() * 100 < this.settings.wrongPercent;
      const code = isWrong ? 'QQQQQQ' : (this.world.codeAt(phoneNumber) ?? '');
      const guessed = await this.world.guess(phoneNumber, code, caller);
      if (guessed.kind === 'right') this.fortunes.signedIn += 1;
      if (guessed.kind === 'refused') this.refusedBy(guessed.rule);
      if (guessed.kind !== 'wrong') return;
      this.fortunes.wrong += 1;
    }
  }

  private refusedBy(rule: string): void {
    this.fortunes.refused.set(rule, (this.fortunes.refused.get(rule) ?? 0) + 1);
  }
}

export const refusals = ({ refused }: Fortunes) =>
  [...refused].map(([rule, count]) => `${rule} ${count}`).join(', ') || 'none';
