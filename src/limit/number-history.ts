/** So many guesses at one time (milliseconds since 1970). */
export type Tally = readonly [at: number, count: number];

/**
 * What a phone number has cost and borne of late. Times are milliseconds since 1970, oldest first. It is kept by a keyed
 * hash of the number, so that it outlives account, deletion and move.
 */
export interface NumberHistory {
  /** Texts of the last 24 hours that anybody can ask for. */
  texts: readonly number[];
  /** Texts of the last 24 hours beyond those, for known devices and networks. */
  ownTexts: readonly number[];
  /** Comparisons with six-digit codes that were wrong, of the last 30 days. */
  wrong: readonly Tally[];
  /** Guesses that alphanumeric codes of the last 24 hours allow to all others together. */
  others: readonly Tally[];
  /** Guesses that alphanumeric codes of the last 24 hours allow to networks that asked inside the gap. */
  further: readonly Tally[];
  /** When a code of the number was used, as of the last text: what was used since then, its challenges tell. */
  usedAt?: number;
}

export const noHistory: NumberHistory = { texts: [], ownTexts: [], wrong: [], others: [], further: [] };

const hour = 3_600_000;
const day = 24 * hour;
export const historySpans = { hour, day, month: 30 * day } as const;

/** @returns how many of `times` are later than `now` less `span` milliseconds */
export function countSince(times: readonly number[], now: number, span: number): number {
  return times.filter((at) => at > now - span).length;
}

/** @returns the sum of what is later than `now` less `span` milliseconds */
export function sumSince(tallies: readonly Tally[], now: number, span: number): number {
  return tallies.reduce((sum, [at, count]) => (at > now - span ? sum + count : sum), 0);
}

/** @returns the history without what no limit counts any more: it stays short */
export function pruned(history: NumberHistory, now: number): NumberHistory {
  const { texts, ownTexts, wrong, others, further, usedAt } = history;
  const isOfDay = (at: number) => at > now - day;
  return {
    texts: texts.filter(isOfDay),
    ownTexts: ownTexts.filter(isOfDay),
    wrong: wrong.filter(([at]) => at > now - historySpans.month),
    others: others.filter(([at]) => isOfDay(at)),
    further: further.filter(([at]) => isOfDay(at)),
    ...(usedAt !== undefined && isOfDay(usedAt) && { usedAt }),
  };
}

/** @param text as `JSON.stringify` wrote it; a history of an older version lacks what it did not know */
export function parseHistory(text: string): NumberHistory {
  return { ...noHistory, ...(JSON.parse(text) as Partial<NumberHistory>) };
}
