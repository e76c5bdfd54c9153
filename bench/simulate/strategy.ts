import type { Random } from './random';

/** How an attacker goes about it. */
export interface Strategy {
  /** So many of the owner's networks are the attacker's as well, such as those of a carrier or a hotel. */
  knownNetworks: number;
  /** Uses up the guesses that all others have together. */
  guessesAsOthers: boolean;
  /** Asks for an alphanumeric code again from up to so many other networks, each for guesses of its own. */
  furtherNetworks: number;
  /** Leaves the guesses of the network that asked, so that the code is not replaced. */
  keepsOwnGuesses: boolean;
  /** Asks from a network of the owner if a stranger gets no text. */
  asksFromKnown: boolean;
  /** Every second text is for an account of the attacker that wants to move to the number. */
  usesBothPurposes: boolean;
  /** Waits so much longer than it must. */
  extraSeconds: number;
  /** Rests so many days after each day of attack. */
  restDays: number;
}

/** As many guesses as all limits allow, as soon as they allow them. */
export const greedy: Strategy = {
  ...{ knownNetworks: 0, guessesAsOthers: true, furtherNetworks: 16, keepsOwnGuesses: false, asksFromKnown: false },
  ...{ usesBothPurposes: false, extraSeconds: 0, restDays: 0 },
};

/** Wants no code, but that the owner has none. */
export const lockout: Strategy = { ...greedy, keepsOwnGuesses: true };

/** @returns a strategy drawn at random, or one that differs from `from` in one choice */
export function drawStrategy(random: Random, from?: Strategy): Strategy {
  const drawn: Strategy = {
    knownNetworks: random.below(4),
    guessesAsOthers: random.below(4) > 0,
    furtherNetworks: random.pick([0, 2, 16]),
    keepsOwnGuesses: random.below(8) === 0,
    asksFromKnown: random.below(2) === 0,
    usesBothPurposes: random.below(3) === 0,
    extraSeconds: random.pick([0, 0, 1, 60, 240, 3_600]),
    restDays: random.pick([0, 0, 1, 6, 29]),
  };
  if (from === undefined) return drawn;
  const choice = random.pick(Object.keys(drawn) as (keyof Strategy)[]);
  return { ...from, [choice]: drawn[choice] };
}
