import type { Outcome } from './turns';

const columns = ['kind', 'server', 'req/s', 'p50 ms', 'p95 ms', 'p99 ms', 'CPU s/1000', 'statements', 'peak MB'];
const ratios = ['req/s ratio', 'CPU ratio'];

/** The heading of a table, on standard output. @param first the contender that the ratios compare with the others */
export function writeHeading(title: string, first: string): void {
  process.stdout.write(`\n${title} (ratios: ${first} to the other server)\n`);
  writeLine([...columns, ...ratios]);
}

/** @param statements by contender; undefined for one that was not recorded */
export function writeOutcomes(kind: string, outcomes: readonly Outcome[], statements: Map<string, number>): void {
  const [first] = outcomes;
  for (const it of outcomes) {
    writeLine([
      ...[kind, it.contender, it.perSecond.toFixed(0), it.p50.toFixed(1), it.p95.toFixed(1), it.p99.toFixed(1)],
      ...[it.cpuSecondsPerThousand.toFixed(2), String(statements.get(it.contender) ?? ''), String(it.peakMemory)],
      ...(it === first ? ['', ''] : ratiosOf(first!, it)),
    ]);
  }
}

function ratiosOf(first: Outcome, other: Outcome): string[] {
  const ratio = (key: 'perSecond' | 'cpuSecondsPerThousand') => (first[key] / other[key]).toFixed(2);
  return [ratio('perSecond'), ratio('cpuSecondsPerThousand')];
}

const widths = [18, 18, 8, 8, 8, 8, 12, 12, 9, 13, 11];

function writeLine(cells: string[]): void {
  const padded = cells.map((cell, place) => (place < 2 ? cell.padEnd(widths[place]!) : cell.padStart(widths[place]!)));
  process.stdout.write(`${padded.join('').trimEnd()}\n`);
}
