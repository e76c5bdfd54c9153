import { Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { addSeconds, Clock } from '../clock/clock';
import { ServiceUnavailable } from '../error/refusal';
import type { SiteverifyProvider } from './challenge-settings';
import type { VerifiedChallenge } from './verified-challenge';

/** Where each provider checks tokens. These are no settings: whoever answers there decides who passes. */
@Injectable()
export class SiteverifyEndpoints {
  readonly turnstile: string = 'https://challenges.cloudflare.com/turnstile/v0/siteverify';
  readonly hcaptcha: string = 'https://api.hcaptcha.com/siteverify';
  readonly recaptcha: string = 'https://www.google.com/recaptcha/api/siteverify';
  /** For the whole answer. */
  readonly timeoutMilliseconds: number = 3_000;
}

/** The longest that a provider takes a token for: Turnstile; the others end after 2 minutes. */
const lifeSeconds = 300;

const answer = z.object({ success: z.boolean(), 'error-codes': z.array(z.string()).optional() });

/** Codes that all three have in common: they blame the token. All others blame our request or our keys. */
const tokenFaults = ['invalid-input-response', 'missing-input-response', 'timeout-or-duplicate'];
/** Of hCaptcha alone. */
const hcaptchaTokenFaults = ['expired-input-response', 'already-seen-response', 'invalid-or-already-seen-response'];
const blameToken = new Set([...tokenFaults, ...hcaptchaTokenFaults]);

/** A provider that does not say whether a token is good, or refuses our keys. For the log: it holds no token and no key. */
export class SiteverifyFailed extends Error {
  /** @param code a status, the name of an error, or the provider's own codes */
  constructor(
    provider: SiteverifyProvider,
    readonly code: string,
  ) {
    super(`${provider} did not check a token`);
  }
}

/** Tokens of Turnstile, hCaptcha and reCAPTCHA, checked by the API that the three have in common. */
@Injectable()
export class Siteverify {
  constructor(
    private readonly endpoints: SiteverifyEndpoints,
    private readonly clock: Clock,
  ) {}

  /**
   * Asks the provider, which takes each token once. Not to be called inside a transaction.
   * @returns undefined for a token that the provider refuses
   * @throws ServiceUnavailable if the provider does not say whether the token is good, within 3 s
   */
  async verify(
    { name, secret }: { name: SiteverifyProvider; secret: string },
    token: string,
  ): Promise<VerifiedChallenge | undefined> {
    // Read before the call: the token is younger than that.
    const expiresAt = addSeconds(this.clock.now(), lifeSeconds);
    const { success, 'error-codes': codes = [] } = await this.ask(name, secret, token);
    if (success) return { id: createHash('sha256').update(`${name}:${token}`).digest('hex'), expiresAt };
    if (codes.every((code) => blameToken.has(code))) return undefined;
    throw new ServiceUnavailable(new SiteverifyFailed(name, shown(codes)));
  }

  private async ask(name: SiteverifyProvider, secret: string, token: string): Promise<z.output<typeof answer>> {
    try {
      const response = await fetch(this.endpoints[name], {
        method: 'POST',
        body: new URLSearchParams({ secret, response: token }),
        signal: AbortSignal.timeout(this.endpoints.timeoutMilliseconds),
        redirect: 'error',
      });
      // Some refusals come with 400; their body says more.
      if (response.status >= 500 || response.status === 429) throw new SiteverifyFailed(name, String(response.status));
      return answer.parse(await response.json());
    } catch (error) {
      throw new ServiceUnavailable(
        error instanceof SiteverifyFailed ? error : new SiteverifyFailed(name, reasonOf(error)),
      );
    }
  }
}

/** By its name or code alone: the text of some errors quotes what came over the line. */
function reasonOf(error: unknown): string {
  const { name, cause } = error as { name: string; cause?: { code?: string } };
  return cause?.code ?? name;
}

/** The provider's words go to the log: only what looks like its codes. */
function shown(codes: readonly string[]): string {
  return codes.filter((code) => /^[a-z-]{1,50}$/.test(code)).join(', ');
}
