/** How many codes there are of each kind. */
export const codes = { numeric: 1e6, alphanumeric: 28 ** 6 } as const;

/** @returns the probability that one of so many comparisons is right, each with a code that is uniform over its kind */
export function probabilityOf(numeric: number, alphanumeric: number): number {
  return -Math.expm1(numeric * Math.log1p(-1 / codes.numeric) + alphanumeric * Math.log1p(-1 / codes.alphanumeric));
}

/** @returns the most `times` in any span of `milliseconds`; times in their order */
export function mostWithin(times: readonly number[], milliseconds: number): number {
  let [most, from] = [0, 0];
  times.forEach((time, at) => {
    while (times[from]! <= time - milliseconds) from += 1;
    most = Math.max(most, at - from + 1);
  });
  return most;
}
