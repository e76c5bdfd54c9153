import { Crowd, refusals } from './crowd';
import { addressesOf, anyNumber, digits, networkOf, scattered } from './numbers';
import { printTable } from './print';
import { Random } from './random';
import { play, type Actor } from './schedule';
import { World } from './world';

const perSecond = 1;
const honestPerSecond = 0.2;
const priceOfText = 0.06;
const prefix = '+255695';

/** Which numbers of the prefix texts are asked for. */
const choices = {
  scattered: (count: number) => scattered(prefix, count),
  neighbours: (count: number) => `${prefix}${digits(count % 1_000_000, 6)}`,
};

/** Asks for texts to one prefix that are paid for, each from a network of its own, and never signs in. */
class Pump {
  texts = 0;
  solved = 0;
  lastTextAt = 0;

  constructor(
    private readonly world: World,
    private readonly numberAt: (count: number) => string,
    private readonly solves: boolean,
  ) {}

  async *pump(begin: number, end: number): Actor {
    for (let count = 0; begin + (count * 1000) / perSecond < end; count++) {
      yield begin + (count * 1000) / perSecond;
      const [number, caller] = [this.numberAt(count), { address: networkOf(count) }];
      const before = this.world.solved;
      const asked = await (this.solves ? this.world.askAnyway(number, caller) : this.world.ask(number, caller));
      this.solved += this.world.solved - before;
      if (asked.kind !== 'sent') continue;
      this.texts += 1;
      this.lastTextAt = this.world.time - begin;
    }
  }
}

/** Hours of pumping, with and without solved challenges, while honest people of the country sign in. */
export async function reportPumping(hours: number, seed: number): Promise<boolean> {
  process.stdout.write(`\nPumping over ${prefix}, ${perSecond} text a second for ${hours} h, ${priceOfText} a text\n`);
  const rows: (string | number)[][] = [];
  let isStopped = true;
  for (const [name, numberAt] of Object.entries(choices)) {
    for (const solves of [false, true]) {
      const world = await World.start();
      const people = Math.ceil((hours + 1) * 3_600 * honestPerSecond);
      const settings = { people, perSecond: honestPerSecond, wrongPercent: 8, addresses: addressesOf(2_000) };
      const crowd = new Crowd(world, { ...settings, phoneNumber: anyNumber }, new Random(seed));
      const pump = new Pump(world, numberAt, solves);
      const begin = 3_600_000;
      const end = begin + hours * 3_600_000;
      const alarms = new Set<string>();
      await play([crowd.signIn(), pump.pump(begin, end)], end, (time) => {
        world.at(time);
        world.alarmsRaised().forEach((alarm) => alarms.add(alarm));
      });
      await world.stop();
      const { fortunes } = crowd;
      rows.push([
        ...[`${name}, ${solves ? 'solves challenges' : 'solves none'}`, pump.texts],
        ...[(pump.texts * priceOfText).toFixed(2), pump.solved, Math.round(pump.lastTextAt / 1000)],
        ...[[...alarms].join(', '), `${fortunes.signedIn} of ${fortunes.asked}`, fortunes.challenged],
        refusals(fortunes),
      ]);
      isStopped &&= pump.texts < (hours * 3_600 * perSecond) / 10;
    }
  }
  printTable(
    ['pumped', 'texts', 'money', 'solved', 'last after s', 'raised', 'honest in', 'challenged', 'refused'],
    rows,
  );
  return isStopped;
}
