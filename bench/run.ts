import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { readSettings } from '../src/settings/settings';
import { benchDatabase, mysqlPlace, sqlitePlace, type Place } from './bench-database';
import {
  bareContender,
  hodiContender,
  recordAll,
  recordedCalls,
  serviceEnvironment,
  startBareServer,
  withoutLimits,
} from './contender';
import { kinds, type Kind } from './kinds';
import { leastOf } from './replay';
import { writeHeading, writeOutcomes } from './report';
import { signerOf } from './signer';
import { membersFor, takeTurns, type Extent } from './turns';

/**
 * `npm run bench`: the service in turns with a bare server that sends the same statements, on each database. With
 * `--accounts 1000000`: with so many accounts in turns with few. With `--limits`: with limits in turns without. `--database sqlite` or `mysql` measures that one alone,
 * and names of kinds, or beginnings of them, only these. It prints, it does not judge.
 */
const numberIn = (name: string, otherwise: number) => Number(process.env[name] ?? otherwise);
const extent: Extent = {
  requests: numberIn('BENCH_REQUESTS', 1_000),
  rounds: numberIn('BENCH_ROUNDS', 5),
  connections: numberIn('BENCH_CONNECTIONS', 16),
};

/** Each kind takes members of its own; the least that a verify can be is measured on the database of the bare server. */
const membersNeeded = (chosen: readonly Kind[]) => chosen.length * (2 * membersFor(extent) + recordedCalls);

/** Beside the bare server with all statements, and, for a verify, one with the least. */
async function compareWithBare(place: Place, chosen: readonly Kind[]): Promise<void> {
  const env = serviceEnvironment();
  const size = membersNeeded(chosen);
  const [ours, theirs] = [await benchDatabase(place, 'hodi', size), await benchDatabase(place, 'bare', size)];
  const recordings = await recordAll(chosen, ours, env);
  const least = new Map([...recordings].map(([name, it]) => [name, leastOf(it)]));
  const signer = signerOf(readSettings(env));
  const [hodi, server] = [await hodiContender('hodi', ours, env), await startBareServer(theirs)];
  const bare = bareContender('bare', server, theirs, signer, recordings);
  const bareLeast = bareContender('bare, least', server, theirs, signer, least);
  writeHeading(place.name, hodi.name);
  for (const kind of chosen) {
    const outcomes = await takeTurns(kind, [hodi, bare, ...(kind.signsIn ? [bareLeast] : [])], extent);
    const all = recordings.get(kind.name)!.statements.length;
    const counts = { [hodi.name]: all, [bare.name]: all, [bareLeast.name]: least.get(kind.name)!.statements.length };
    writeOutcomes(kind.name, outcomes, new Map(Object.entries(counts)));
  }
  await Promise.all([hodi.server.stop(), server.stop()]);
  await Promise.all([ours.drop(), theirs.drop()]);
}

async function compareSizes(place: Place, chosen: readonly Kind[], accounts: number): Promise<void> {
  const env = serviceEnvironment();
  const size = membersNeeded(chosen);
  if (accounts < size) throw new Error(`--accounts: ${size} are needed for so many requests`);
  const [small, large] = [await benchDatabase(place, 'small', size), await benchDatabase(place, 'large', accounts)];
  const contenders = [
    await hodiContender(`${accounts} accounts`, large, env),
    await hodiContender(`${size} accounts`, small, env),
  ];
  writeHeading(place.name, contenders[0]!.name);
  for (const kind of chosen) writeOutcomes(kind.name, await takeTurns(kind, contenders, extent), new Map());
  await Promise.all(contenders.map(({ server }) => server.stop()));
  await Promise.all([small.drop(), large.drop()]);
}

async function compareLimits(place: Place, chosen: readonly Kind[]): Promise<void> {
  const env = serviceEnvironment();
  const size = membersNeeded(chosen);
  const [on, off] = [await benchDatabase(place, 'limited', size), await benchDatabase(place, 'unlimited', size)];
  const contenders = [
    await hodiContender('with limits', on, env),
    await hodiContender('without limits', off, { ...env, ...withoutLimits }),
  ];
  writeHeading(place.name, contenders[0]!.name);
  for (const kind of chosen) writeOutcomes(kind.name, await takeTurns(kind, contenders, extent), new Map());
  await Promise.all(contenders.map(({ server }) => server.stop()));
  await Promise.all([on.drop(), off.drop()]);
}

/** @param only the name of one database; without it, all that are at hand */
function places(only?: string): Place[] {
  const url = process.env.BENCH_MYSQL_URL;
  if (!url) process.stderr.write('MySQL is left out: BENCH_MYSQL_URL is not set.\n');
  const all = [sqlitePlace, ...(url ? [mysqlPlace(url)] : [])];
  return all.filter(({ name }) => only === undefined || name.toLowerCase() === only);
}

async function main(): Promise<void> {
  const options = {
    accounts: { type: 'string' },
    database: { type: 'string' },
    limits: { type: 'boolean', default: false },
  } as const;
  const { values, positionals } = parseArgs({ allowPositionals: true, options });
  const isChosen = ({ name }: Kind) => positionals.length === 0 || positionals.some((it) => name.startsWith(it));
  const chosen = kinds.filter(isChosen);
  if (chosen.length === 0) throw new Error(`only these can be measured: ${kinds.map(({ name }) => name).join(', ')}`);
  for (const place of places(values.database)) {
    if (values.limits) await compareLimits(place, chosen);
    else if (values.accounts === undefined) await compareWithBare(place, chosen);
    else await compareSizes(place, chosen, Number(values.accounts));
  }
}

void main();
