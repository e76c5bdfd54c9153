import type { Counts } from './counts';
import type { Finding } from './finding';
import type { LimitSettings } from './limit-settings';
import type { Subject } from './subject';
import type { Counter } from './tally';

const hour = 3_600;
const day = 86_400;

const wrongCodes = (network: string): Counter => ({ key: `wrong:${network}`, windowSeconds: hour });
const rightCodes = (network: string): Counter => ({ key: `right:${network}`, windowSeconds: hour });
const texts = (network: string): Counter => ({ key: `texts:${network}`, windowSeconds: hour });
const followed = (network: string): Counter => ({ key: `followed:${network}`, windowSeconds: hour });
const followedInDay = (network: string): Counter => ({ key: `followed-in-day:${network}`, windowSeconds: day });

/** @returns the limit, or half of what went well if that is more: a carrier puts thousands of people behind one address */
const orHalfOf = (wellDone: number, limit: number) => Math.max(limit, Math.floor(wellDone / 2));

/** What one address may do: guess wrong, and ask for texts that no sign-in follows. */
export class AddressLimits {
  constructor(
    private readonly counts: Counts,
    private readonly settings: Pick<LimitSettings, 'addressWrongCodes' | 'addressTexts'>,
  ) {}

  /** For a request for a code: refused while too many texts of the last hour were not followed by a sign-in. */
  async checkTexts({ network }: Subject): Promise<Finding[]> {
    if (this.settings.addressTexts === 0) return [];
    const [asked, signedIn, inDay] = await this.counts.read([
      texts(network),
      followed(network),
      followedInDay(network),
    ]);
    const limit = orHalfOf(inDay.sum, this.settings.addressTexts);
    // Sign-ins are counted at the time of their text, so that both leave the window together.
    const unfollowed = asked.minus(signedIn);
    const count = Math.max(0, unfollowed.sum);
    return [
      {
        ...{ rule: 'address_texts', count, limit },
        ...(count < limit
          ? { verdict: 'pass' }
          : { verdict: 'refuse', retryAfterSeconds: unfollowed.secondsUntilBelow(limit) }),
        help: 'Sign in with one of the codes that were sent, use a known device, or wait.',
      },
    ];
  }

  /** For a guess: refused after too many wrong ones. */
  async checkGuess({ network }: Subject): Promise<Finding[]> {
    if (this.settings.addressWrongCodes === 0) return [];
    const [wrong, right] = await this.counts.read([wrongCodes(network), rightCodes(network)]);
    const limit = orHalfOf(right.sum, this.settings.addressWrongCodes);
    return [
      {
        ...{ rule: 'address_wrong_codes', count: wrong.sum, limit },
        ...(wrong.sum < limit
          ? { verdict: 'pass' }
          : { verdict: 'refuse', retryAfterSeconds: wrong.secondsUntilBelow(limit) }),
        help: 'Use a known device or another network, or wait.',
      },
    ];
  }

  /** @returns what a text counts for */
  countersOfText({ network }: Subject): Counter[] {
    return [texts(network)];
  }

  /** @returns what a guess counts for */
  countersOfGuess({ network }: Subject, right: boolean): Counter[] {
    return [right ? rightCodes(network) : wrongCodes(network)];
  }

  /** @returns what a sign-in counts for, at the time and for the address that its text was asked */
  countersOfSignIn(askedFrom: string): Counter[] {
    return [followed(askedFrom), followedInDay(askedFrom)];
  }
}
