import type { Tally } from './comparisons';
import { Crowd, refusals } from './crowd';
import { addressesOf, anyNumber, digits, networkOf } from './numbers';
import { printTable } from './print';
import { probabilityOf } from './probability';
import { Random } from './random';
import { play, type Actor } from './schedule';
import { World } from './world';

const guessesEach = 2;
const numbersPerSecond = 10;
const honestPerSecond = 0.7;

/** Asks for the codes of many numbers, each from a network of its own, and guesses a little at each. */
class Sprayer {
  readonly compared: Tally = { numeric: 0, alphanumeric: 0 };
  sent = 0;
  solved = 0;
  readonly refused = new Map<string, number>();

  constructor(
    private readonly world: World,
    private readonly numbers: number,
    private readonly solves: boolean,
  ) {}

  async *spray(begin: number): Actor {
    for (let count = 0; count < this.numbers; count++) {
      yield begin + (count * 1000) / numbersPerSecond;
      await this.tryNumber(`+25565${digits((count * 7_919) % 10_000_000, 7)}`, networkOf(count));
    }
  }

  private async tryNumber(phoneNumber: string, address: string): Promise<void> {
    const { world } = this;
    const before = world.solved;
    const asked = this.solves
      ? await world.askAnyway(phoneNumber, { address })
      : await world.ask(phoneNumber, { address });
    this.solved += world.solved - before;
    if (asked.kind !== 'sent') {
      const rule = asked.kind === 'wait' ? asked.rule : 'challenge_required';
      this.refused.set(rule, (this.refused.get(rule) ?? 0) + 1);
      return;
    }
    this.sent += 1;
    for (let guesses = 0; guesses < guessesEach; guesses++) {
      const { numeric, alphanumeric } = await world.comparisons.during(() =>
        world.guess(phoneNumber, 'QQQQQQ', { address }),
      );
      this.compared.numeric += numeric;
      this.compared.alphanumeric += alphanumeric;
    }
  }
}

/** A spray over so many numbers, once without and once with solved challenges, while honest people sign in. */
export async function reportSpray(numbers: number, seed: number): Promise<boolean> {
  process.stdout.write(`\nSpray over ${numbers} numbers, ${numbersPerSecond} a second, each from another network\n`);
  const rows: (string | number)[][] = [];
  const accounts: number[] = [];
  for (const solves of [false, true]) {
    const world = await World.start();
    const seconds = numbers / numbersPerSecond;
    const settings = { people: Math.ceil(seconds * honestPerSecond), perSecond: honestPerSecond, wrongPercent: 8 };
    const crowd = new Crowd(
      world,
      { ...settings, addresses: addressesOf(2_000), phoneNumber: anyNumber },
      new Random(seed),
    );
    const sprayer = new Sprayer(world, numbers, solves);
    const alarms = new Set<string>();
    await play([crowd.signIn(), sprayer.spray(60_000)], (seconds + 120) * 1000, (time) => {
      world.at(time);
      world.alarmsRaised().forEach((alarm) => alarms.add(`${alarm} after ${Math.round(time / 1000 - 60)} s`));
    });
    await world.stop();
    const { numeric, alphanumeric } = sprayer.compared;
    accounts.push(probabilityOf(numeric, alphanumeric));
    rows.push([
      ...[solves ? 'solves challenges' : 'solves none', sprayer.sent, numeric, alphanumeric, sprayer.solved],
      ...[refusals({ ...crowd.fortunes, refused: sprayer.refused }), accounts.at(-1)!.toExponential(1)],
    ]);
    const { asked, signedIn, challenged } = crowd.fortunes;
    process.stdout.write(
      `${solves ? 'With' : 'Without'} solved challenges: raised ${[...alarms].join(', ') || 'none'}; `,
    );
    process.stdout.write(`honest: ${asked} asked, ${signedIn} signed in, ${challenged} challenged, `);
    process.stdout.write(`refused: ${refusals(crowd.fortunes)}\n`);
  }
  printTable(['the attacker', 'texts', 'six digits', 'alphanumeric', 'solved', 'refused', 'P(any account)'], rows);
  return accounts.every((probability) => probability < 0.05);
}
