import type { Contender } from './contender';
import type { Kind } from './kinds';
import type { Trial } from './load';

/** What one contender came to with one kind: the median of each figure over the rounds. */
export interface Outcome extends Trial {
  contender: string;
  /** The most memory that was resident during the trials, in MB. */
  peakMemory: number;
}

export interface Extent {
  requests: number;
  rounds: number;
  connections: number;
}

/** Requests of a trial that is not counted, by which Node compiles what it runs often. */
const warmUpShare = 0.5;
export const warmUpOf = ({ requests }: Extent) => Math.ceil(requests * warmUpShare);

/** @returns accounts that one contender needs for one kind at most */
export function membersFor(extent: Extent): number {
  return extent.requests * extent.rounds + warmUpOf(extent);
}

/** All contenders, one after the other, in each round: what else the machine does then meets all of them. */
export async function takeTurns(kind: Kind, contenders: readonly Contender[], extent: Extent): Promise<Outcome[]> {
  const { requests, rounds, connections } = extent;
  for (const it of contenders) await it.run(kind, warmUpOf(extent), connections);
  contenders.forEach(({ server }) => server.forgetPeak());
  const trials = contenders.map((): Trial[] => []);
  for (let round = 1; round <= rounds; round++) {
    process.stderr.write(`${kind.name}: round ${round} of ${rounds}\n`);
    for (const [place, it] of contenders.entries()) trials[place]!.push(await it.run(kind, requests, connections));
  }
  return contenders.map(({ name, server }, place) => {
    const middle = (key: keyof Trial) => median(trials[place]!.map((trial) => trial[key]));
    return {
      ...{ contender: name, peakMemory: server.peakMemory, perSecond: middle('perSecond') },
      ...{ p50: middle('p50'), p95: middle('p95'), p99: middle('p99') },
      cpuSecondsPerThousand: middle('cpuSecondsPerThousand'),
    };
  });
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
