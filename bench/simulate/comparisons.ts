import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { CodeFormat } from '../../src/limit/number-limits';
import { OtpChallengeRepository } from '../../src/otp/otp-challenge.repository';
import { OtpCodes } from '../../src/otp/otp-codes';

/** How many comparisons with codes of each kind. */
export type Tally = Record<CodeFormat, number>;

/**
 * Counts comparisons by what the service does: it derives a code for each, and they count once the database has counted the
 * guess. Guesses must come one after the other, and no text may be under way.
 */
export class Comparisons {
  private formats: CodeFormat[] = [];
  private counted = 0;

  constructor(app: NestFastifyApplication) {
    const [codes, challenges] = [app.get(OtpCodes), app.get(OtpChallengeRepository)];
    const [of, count] = [codes.of.bind(codes), challenges.count.bind(challenges)];
    codes.of = (challenge) => {
      this.formats.push(challenge.format);
      return of(challenge);
    };
    challenges.count = async (transaction, guess, how) => {
      const isCounted = await count(transaction, guess, how);
      if (isCounted) this.counted = how.compared;
      return isCounted;
    };
  }

  /** @returns what `guess` was compared with */
  async during(guess: () => Promise<unknown>): Promise<Tally> {
    [this.formats, this.counted] = [[], 0];
    await guess();
    const compared = this.formats.slice(0, this.counted);
    const alphanumeric = compared.filter((format) => format === 'alphanumeric').length;
    return { alphanumeric, numeric: compared.length - alphanumeric };
  }
}
