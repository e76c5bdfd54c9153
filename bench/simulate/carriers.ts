import { Crowd, refusals } from './crowd';
import { addressesOf, anyNumber } from './numbers';
import { printTable } from './print';
import { Random } from './random';
import { play } from './schedule';
import { World } from './world';

const day = 86_400;
const peopleOfAddress = 1_200;

/** Honest people of one day behind few addresses: nothing may be raised, challenged or refused. */
export async function reportCarriers(people: number, seed: number): Promise<boolean> {
  const addresses = Math.ceil(people / peopleOfAddress);
  const world = await World.start();
  const settings = { people, perSecond: people / day, wrongPercent: 8, addresses: addressesOf(addresses) };
  const crowd = new Crowd(world, { ...settings, phoneNumber: anyNumber }, new Random(seed));
  const alarms: string[] = [];
  await play([crowd.signIn()], Infinity, (time) => {
    world.at(time);
    alarms.push(...world.alarmsRaised());
  });
  await world.stop();
  const { asked, challenged, signedIn, wrong } = crowd.fortunes;
  process.stdout.write(
    `\nCarriers: ${people} honest sign-ins of a day behind ${addresses} addresses, 8 % typed wrong\n`,
  );
  printTable(
    ['asked', 'signed in', 'typed wrong', 'challenged', 'refused', 'alarms'],
    [[asked, signedIn, wrong, challenged, refusals(crowd.fortunes), alarms.join(', ') || 'none']],
  );
  return alarms.length === 0 && challenged === 0 && crowd.fortunes.refused.size === 0 && signedIn === people;
}
