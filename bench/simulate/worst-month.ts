import { networkOf } from './numbers';
import { printTable } from './print';
import { onlyByNumber, phoneNumber } from './takeover';
import { World, type Caller } from './world';

const day = 86_400_000;
/** As many as an account remembers. */
const known = Array.from({ length: 6 }, (_, at): Caller => ({ address: `192.0.2.${at + 1}` }));
const stranger = (count: number): Caller => ({ address: networkOf(count) });

/** The most guesses at six digits in 30 days, step by step, as docs/limits.md counts them. */
export async function reportWorstMonth(): Promise<void> {
  const world = await World.start(onlyByNumber);
  let total = 0;
  const ask = (caller: Caller) => world.askAnyway(phoneNumber, caller);
  const use = async (callers: readonly Caller[]) => {
    for (const caller of callers) total += await useUp(world, caller);
    return total;
  };
  for (const network of known) {
    await ask(network);
    await world.guess(phoneNumber, world.codeAt(phoneNumber)!, network);
    world.at(world.time + day / 8);
  }
  for (const guessers of [[1, 2], [2]]) {
    world.at(world.time + day);
    await ask(stranger(1));
    await use(guessers.map(stranger));
  }
  const rows: [string, number][] = [['strangers, until 5 are left', total]];
  world.at(world.time + day);
  await ask(stranger(3));
  rows.push(['the last code of six digits: strangers', await use([stranger(3), stranger(4)])]);
  rows.push(['two known networks', await use(known.slice(0, 2))]);
  world.at(world.time + 60_000);
  await ask(known[2]!);
  rows.push(['the alphanumeric code that replaces it: the two', await use(known.slice(0, 2))]);
  rows.push(['a third one that asked, a fourth with all others', await use(known.slice(2, 4))]);
  for (const network of known.slice(4)) {
    await ask(network);
    await use([network]);
  }
  rows.push(['the other two, which ask inside the gap', total]);
  await world.stop();
  process.stdout.write('\nThe most guesses at six digits in 30 days\n');
  printTable(['who guesses', 'guesses so far'], rows);
}

/** @returns how many comparisons with six digits the client's guesses make until they are used up */
async function useUp(world: World, caller: Caller): Promise<number> {
  for (let sum = 0; ;) {
    const compared = await world.comparisons.during(() => world.guess(phoneNumber, 'QQQQQQ', caller));
    if (compared.numeric + compared.alphanumeric === 0) return sum;
    sum += compared.numeric;
  }
}
