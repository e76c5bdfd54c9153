import type { Random } from './random';
import type { Act, Actor } from './schedule';
import type { Caller, World } from './world';

const day = 86_400_000;
const patienceSeconds = 3_600;

/** How well one way of signing in went. */
export interface Experience {
  way: string;
  /** From the text to the typed code. */
  typedAfterSeconds: number;
  signIns: number;
  /** By the first code that was typed. */
  atOnce: number;
  withinHour: number;
}

/** A way to sign in: a new caller each day, or the same one. */
export interface Way {
  name: string;
  caller(day: number): Caller;
}

/** Signs in once a day at a random time, in each way in turn, until it succeeds or an hour has passed. */
export class Owner {
  readonly experiences: Experience[] = [];
  private deviceToken: string | undefined;

  constructor(
    private readonly world: World,
    private readonly phoneNumber: string,
    private readonly ways: readonly Way[],
    private readonly random: Random,
  ) {}

  /** On the device that `live` signs in with. */
  readonly device: Way = {
    name: 'known device',
    caller: () => ({ address: '192.0.2.99', deviceToken: this.deviceToken }),
  };

  async *live(begin: number): Actor {
    const ways = [this.device, ...this.ways];
    // The networks and the device are known by the time that the attack begins.
    for (const way of ways) {
      await this.signIn(way, way.caller(0), 8).next();
      await this.enter(way, way.caller(0));
      yield this.world.time + 600_000;
    }
    for (let days = 0; ; days++) {
      yield begin + days * day + this.random.below(day - patienceSeconds * 1000);
      const way = ways[days % ways.length]!;
      const seconds = Math.floor(days / ways.length) % 2 === 0 ? 8 : 60;
      const experience = this.experienceOf(way, seconds);
      const tries = yield* this.signIn(way, way.caller(days + 1), seconds);
      experience.signIns += 1;
      if (tries === 1) experience.atOnce += 1;
      if (tries > 0) experience.withinHour += 1;
    }
  }

  /** @returns how many codes were typed; 0 if none was right within an hour */
  private async *signIn(way: Way, caller: Caller, typedAfterSeconds: number): Act<number> {
    const { world } = this;
    const end = world.time + patienceSeconds * 1000;
    for (let tries = 1; world.time < end;) {
      const asked = await world.askAnyway(this.phoneNumber, caller);
      const wait = asked.kind === 'sent' ? asked.resendIn : asked.kind === 'wait' ? asked.seconds : 60;
      const mayAskAgain = world.time + wait * 1000;
      if (asked.kind === 'sent' || (asked.kind === 'wait' && asked.rule === 'code_already_sent')) {
        yield world.time + typedAfterSeconds * 1000;
        if (await this.enter(way, caller)) return tries;
        tries += 1;
      }
      yield Math.max(world.time + 1000, mayAskAgain);
    }
    return 0;
  }

  private async enter(way: Way, caller: Caller): Promise<boolean> {
    const code = this.world.codeAt(this.phoneNumber);
    if (code === undefined) return false;
    const guessed = await this.world.guess(this.phoneNumber, code, caller);
    if (guessed.kind === 'right' && way === this.device) this.deviceToken = guessed.deviceToken;
    return guessed.kind === 'right';
  }

  private experienceOf({ name }: Way, typedAfterSeconds: number): Experience {
    const found = this.experiences.find((it) => it.way === name && it.typedAfterSeconds === typedAfterSeconds);
    if (found) return found;
    const made = { way: name, typedAfterSeconds, signIns: 0, atOnce: 0, withinHour: 0 };
    this.experiences.push(made);
    return made;
  }
}
