import type { CodeBudget } from '../limit/number-limits';

/**
 * Guesses left at a code, by who guesses, so that strangers burn their own: a network that asked for the code, a known
 * device or network, and all others together. `known` is how many known networks may still begin.
 */
export type Lanes = Readonly<Record<string, number> & { others: number; known: number }>;

/** A client, by the names under which a challenge and an account can know it. */
export interface GuessingClient {
  /** Names of its network, the newest first. */
  networks: readonly string[];
  /** Its known device. */
  device?: string;
  /** The account has signed in from its network. */
  isNetworkKnown: boolean;
}

/** The lane that a guess is counted in. */
export interface Lane {
  name: string;
  /** How it begins if the code has none of that name: never, with guesses of its own, or as one of the known networks. */
  begins: 'never' | 'free' | 'known';
}

/** Of who neither asked nor is known; and of the session that alone can use a code for a new number. */
export const othersLane: Lane = { name: 'others', begins: 'never' };

/** So many known networks may guess at one code; the account remembers more. */
const knownNetworks = 2;

/** So many networks and devices of their own are written beside one code, as its column has room for them. */
const mostLanes = 24;

/** @returns whether no further network can get guesses of its own; devices and known networks still have room */
export function isFull(lanes: Lanes): boolean {
  return Object.keys(lanes).length >= mostLanes;
}

/** @param asker name of the network that asked; undefined where only a session can use the code */
export function lanesOf({ others }: CodeBudget, size: number, asker?: string): Lanes {
  if (asker === undefined) return { others: size, known: 0 };
  return { others, known: knownNetworks, [asker]: size };
}

/** What can still be guessed at a code by those who are not known. */
export function outstanding({ known, ...lanes }: Lanes): number {
  void known;
  return Object.values(lanes).reduce((sum, left) => sum + left, 0);
}

export function laneOf(lanes: Lanes, { networks, device, isNetworkKnown }: GuessingClient): Lane {
  if (device !== undefined) return { name: device, begins: 'free' };
  const own = networks.find((name) => lanes[name] !== undefined);
  if (own !== undefined) return { name: own, begins: 'never' };
  if (isNetworkKnown && lanes.known > 0) return { name: networks[0]!, begins: 'known' };
  return othersLane;
}

/** @returns guesses left in a lane, as far as it was read */
export function guessesLeft(lanes: Lanes, { name, begins }: Lane, size: number): number {
  return lanes[name] ?? (begins === 'never' ? 0 : size);
}

/** @param text as `JSON.stringify` wrote it, or the database's JSON functions */
export function parseLanes(text: string): Lanes {
  return JSON.parse(text) as Lanes;
}
