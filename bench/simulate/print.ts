/** Writes a table for people: the first column to the left, the others to the right. */
export function printTable(heads: readonly string[], rows: readonly (string | number)[][]): void {
  const table = [heads, ...rows].map((row) => row.map(String));
  const widths = heads.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  for (const row of table) {
    const cells = row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!)));
    process.stdout.write(`  ${cells.join('  ')}\n`);
  }
}
