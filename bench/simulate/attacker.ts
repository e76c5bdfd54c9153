import type { Tally } from './comparisons';
import type { Act, Actor } from './schedule';
import type { Strategy } from './strategy';
import type { Asked, Caller, World } from './world';

/** Can be no code of six digits, and is an alphanumeric one once in 28^6: a guess that is counted as any other. */
const wrongCode = 'QQQQQQ';

const day = 86_400_000;
const freshMilliseconds = 540_000;
const changePath = '/api/account/me/phone-number/';
const changeVerifyPath = `${changePath}verify/`;
const ownNumber = '+255679190001';

/** What an attack achieved, and what it cost. */
export interface Costs {
  /** Comparisons with codes, from networks that the owner never used, and from those that it did. */
  strangers: Tally;
  known: Tally;
  /** When a six-digit code was compared: milliseconds since the start. */
  numericTimes: number[];
  texts: number;
  solved: number;
  addresses: number;
}

/** Guesses at the codes of one number, from as many addresses as it needs. Knows nothing of the codes. */
export class Attacker {
  readonly costs: Costs = {
    ...{ strangers: { numeric: 0, alphanumeric: 0 }, known: { numeric: 0, alphanumeric: 0 } },
    ...{ numericTimes: [], texts: 0, solved: 0, addresses: 0 },
  };
  private asks = 0;
  private signedIn: { access: string; at: number } | undefined;
  private readonly own: Caller = { address: '198.18.0.1' };

  /** @param ownersNetworks addresses that the attacker can use, too */
  constructor(
    private readonly world: World,
    private readonly phoneNumber: string,
    private readonly strategy: Strategy,
    private readonly ownersNetworks: readonly string[],
  ) {}

  async *attack(begin: number): Actor {
    yield begin;
    const { restDays, extraSeconds } = this.strategy;
    for (let dayEnds = begin + day; ;) {
      const wait = yield* this.round();
      const next = this.world.time + (wait + extraSeconds) * 1000;
      if (next < dayEnds) yield next;
      else yield Math.max(next, dayEnds + restDays * day);
      if (this.world.time >= dayEnds) dayEnds = this.world.time + day;
    }
  }

  /** @returns seconds until the next one */
  private async *round(): Act<number> {
    this.asks += 1;
    if (this.strategy.usesBothPurposes && this.asks % 2 === 0) {
      const wait = yield* this.tryNewNumber();
      if (wait !== undefined) return wait;
    }
    const [asker, asked] = await this.askSomehow();
    if (asked.kind !== 'sent') return asked.kind === 'wait' ? asked.seconds : 60;
    await this.guessEverywhere(asker, asked.format === 'alphanumeric');
    return asked.resendIn;
  }

  private async askSomehow(): Promise<[Caller, Asked]> {
    const stranger = this.stranger();
    const asked = await this.ask(stranger);
    const [known] = this.known();
    if (!this.strategy.asksFromKnown || known === undefined || !isOutOfTexts(asked)) return [stranger, asked];
    return [known, await this.ask(known)];
  }

  private async guessEverywhere(asker: Caller, isAlphanumeric: boolean): Promise<void> {
    const { guessesAsOthers, furtherNetworks, keepsOwnGuesses } = this.strategy;
    for (const network of this.known()) await this.useUp(network, this.costs.known);
    if (guessesAsOthers) await this.useUp(this.stranger(), this.costs.strangers);
    const isKnown = this.ownersNetworks.includes(asker.address);
    if (!keepsOwnGuesses) await this.useUp(asker, isKnown ? this.costs.known : this.costs.strangers);
    for (let more = 0; isAlphanumeric && more < furtherNetworks; more++) {
      const caller = this.stranger();
      // Inside the gap a challenge is demanded only where it brings guesses.
      if ((await this.world.ask(this.phoneNumber, caller)).kind !== 'challenge') return;
      await this.ask(caller);
      await this.useUp(caller, this.costs.strangers);
    }
  }

  /** Guesses until no guess is counted any more. */
  private async useUp(caller: Caller, tally: Tally, path?: string): Promise<void> {
    for (;;) {
      const compared = await this.world.comparisons.during(async () => {
        const { kind } = await this.world.guess(this.phoneNumber, wrongCode, caller, path);
        if (kind !== 'wrong') throw new Error(`a guess was ${kind}`);
      });
      if (compared.numeric + compared.alphanumeric === 0) return;
      tally.numeric += compared.numeric;
      tally.alphanumeric += compared.alphanumeric;
      for (let count = 0; count < compared.numeric; count++) this.costs.numericTimes.push(this.world.time);
    }
  }

  /** @returns seconds to wait; undefined if there is no fresh sign-in to do it with */
  private async *tryNewNumber(): Act<number | undefined> {
    const { world, own } = this;
    if (this.signedIn === undefined || world.time > this.signedIn.at + freshMilliseconds) {
      if ((await world.askAnyway(ownNumber, own)).kind !== 'sent') return undefined;
      const signedIn = await world.guess(ownNumber, world.codeAt(ownNumber)!, own);
      if (signedIn.kind !== 'right') return undefined;
      this.signedIn = { ...signedIn, at: world.time };
      yield world.time;
    }
    const caller = { ...own, access: this.signedIn.access };
    const asked = await this.ask(caller, changePath);
    if (asked.kind !== 'sent') return asked.kind === 'wait' ? asked.seconds : undefined;
    await this.useUp(caller, this.costs.strangers, changeVerifyPath);
    return asked.resendIn;
  }

  private async ask(caller: Caller, path?: string): Promise<Asked> {
    const before = this.world.solved;
    const asked = await this.world.askAnyway(this.phoneNumber, caller, path);
    this.costs.solved += this.world.solved - before;
    if (asked.kind === 'sent') this.costs.texts += 1;
    return asked;
  }

  private known(): Caller[] {
    return this.ownersNetworks.slice(0, this.strategy.knownNetworks).map((address) => ({ address }));
  }

  /** A network that nobody has used so far: of IPv6 anybody can have many. */
  private stranger(): Caller {
    this.costs.addresses += 1;
    const { addresses } = this.costs;
    return { address: `2001:db8:${(addresses >> 16).toString(16)}:${(addresses & 0xffff).toString(16)}::1` };
  }
}

function isOutOfTexts(asked: Asked): boolean {
  return asked.kind === 'wait' && asked.rule.startsWith('number_texts');
}
