import { printTable } from './print';
import { Random } from './random';
import { drawStrategy, greedy, lockout, type Strategy } from './strategy';
import { takeover, type Takeover } from './takeover';
import { reportWorstMonth } from './worst-month';

const bound = 1e-3;

/** Whether it holds what it must: the bound of a year, and that a known device always gets in. */
export async function reportTakeover(days: number, searched: number, searchDays: number, seed: number) {
  const inTwo: Strategy = { ...greedy, knownNetworks: 2, asksFromKnown: true };
  const attacks = [
    ['a stranger', greedy],
    ['in two networks of the owner', inTwo],
    ['a stranger who keeps the code', lockout],
  ] as const;
  await reportWorstMonth();
  const done: Takeover[] = [];
  for (const [name, strategy] of attacks) {
    const found = await takeover(strategy, days, seed);
    print(name, found);
    done.push(found);
  }
  await search(searched, searchDays, seed);
  return done.every((it) => (it.probability * 365) / it.days < bound);
}

function print(name: string, { days, strategy, costs, experiences, probability, numericInMonth }: Takeover): void {
  process.stdout.write(`\nTakeover, ${days} days, ${name}: ${JSON.stringify(strategy)}\n`);
  printTable(
    ['comparisons', 'six digits', 'alphanumeric'],
    [
      ['strangers', costs.strangers.numeric, costs.strangers.alphanumeric],
      ['known networks', costs.known.numeric, costs.known.alphanumeric],
    ],
  );
  const { texts, solved, addresses } = costs;
  process.stdout.write(
    `probability ${probability.toExponential(2)}, at most ${numericInMonth} guesses at six digits in `,
  );
  process.stdout.write(`30 days; cost ${texts} texts, ${solved} solved challenges, ${addresses} addresses\n`);
  printTable(
    ['the owner signs in', 'typed after s', 'sign-ins', 'at once', 'within 1 h'],
    experiences.map((it) => [it.way, it.typedAfterSeconds, it.signIns, it.atOnce, it.withinHour]),
  );
}

/** Draws strategies at random, then changes the best one, a choice at a time. */
async function search(count: number, days: number, seed: number): Promise<void> {
  const random = new Random(seed);
  let best: Takeover | undefined;
  for (let drawn = 0; drawn < count; drawn++) {
    const from = drawn < count / 2 ? undefined : best?.strategy;
    const found = await takeover(drawStrategy(random, from), days, seed);
    process.stdout.write(`${found.probability.toExponential(2)} ${JSON.stringify(found.strategy)}\n`);
    if (best === undefined || found.probability > best.probability) best = found;
  }
  if (best !== undefined) print(`the best of ${count} strategies`, best);
}
