const bare = (name: string) => name.toUpperCase().replace(/[^A-Z0-9]/g, '');

/**
 * The setting that a variable was probably meant for: the one whose name takes fewest slips to become this one.
 * @param known names of all settings
 * @returns a name out of `known`; undefined for a known name, and for one that is like none of them
 */
export function intendedFor(name: string, known: readonly string[]): string | undefined {
  if (known.includes(name)) return undefined;
  const given = bare(name);
  const likely = known.map((it) => ({ it, slips: distance(bare(it), given) })).sort((a, b) => a.slips - b.slips)[0];
  return likely !== undefined && likely.slips <= allowedSlips(likely.it) ? likely.it : undefined;
}

/** A short name is near to many words. */
const allowedSlips = (name: string) => (name.length < 8 ? 1 : 2);

/** Letters to add, leave out, change, or swap with their neighbour (optimal string alignment). */
function distance(one: string, other: string): number {
  let [before, last]: [number[], number[]] = [[], Array.from({ length: other.length + 1 }, (_, at) => at)];
  for (let i = 1; i <= one.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const changed = last[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      row.push(Math.min(last[j]! + 1, row[j - 1]! + 1, changed, isSwap ? before[j - 2]! + 1 : Infinity));
    }
    [before, last] = [last, row];
  }
  return last[other.length]!;
}
