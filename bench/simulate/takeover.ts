import { Attacker, type Costs } from './attacker';
import { Owner, type Experience, type Way } from './owner';
import { mostWithin, probabilityOf } from './probability';
import { Random } from './random';
import { play } from './schedule';
import type { Strategy } from './strategy';
import { World } from './world';

export const phoneNumber = '+255679190720';
const day = 86_400_000;

/** What one number is safe by alone: an attacker has addresses without end, and the owner must not need an alarm. */
export const onlyByNumber = {
  THROTTLE_LIMIT: '0',
  ADDRESS_WRONG_CODES: '0',
  ADDRESS_TEXTS: '0',
  ALARM_SPRAY: 'off',
  ALARM_TOLL: 'off',
};

/** Networks of the owner, the first ones shared with an attacker that sits in some. */
const networks = ['192.0.2.1', '192.0.2.2', '192.0.2.3'];

const ways: Way[] = [
  { name: 'known network 1', caller: () => ({ address: networks[0]! }) },
  { name: 'known network 2', caller: () => ({ address: networks[1]! }) },
  { name: 'known network 3', caller: () => ({ address: networks[2]! }) },
  { name: 'new phone, new network', caller: (today) => ({ address: `203.0.${today >> 8}.${today & 255}` }) },
];

/** One attack: what it achieved, and how its target fared meanwhile. */
export interface Takeover {
  days: number;
  strategy: Strategy;
  costs: Costs;
  experiences: Experience[];
  probability: number;
  /** The most comparisons with six-digit codes in any 30 days. */
  numericInMonth: number;
}

/** One number, one owner, one attacker for so many days. */
export async function takeover(strategy: Strategy, days: number, seed: number): Promise<Takeover> {
  const world = await World.start(onlyByNumber);
  const owner = new Owner(world, phoneNumber, ways, new Random(seed));
  const attacker = new Attacker(world, phoneNumber, strategy, networks);
  // A day later the texts by which the owner became known no longer count.
  const begin = 2 * day;
  const moveClock = (time: number) => {
    world.at(time);
    world.alarmsRaised();
  };
  await play([owner.live(begin), attacker.attack(begin)], begin + days * day, moveClock);
  await world.stop();
  const { strangers, known, numericTimes } = attacker.costs;
  const probability = probabilityOf(strangers.numeric + known.numeric, strangers.alphanumeric + known.alphanumeric);
  const numericInMonth = mostWithin(numericTimes, 30 * day);
  return { days, strategy, costs: attacker.costs, experiences: owner.experiences, probability, numericInMonth };
}
