import { Injectable } from '@nestjs/common';
import type { ClientInfo } from '../client/client-info';
import { Pseudonyms } from '../key/pseudonyms';
import type { Finding } from '../limit/finding';
import { Log } from '../log/log';
import type { OtpPurpose } from './otp-challenge.entity';

/** `in_gap`: refused, as the last text was sent a moment ago; `refused`: by another limit of the number. */
export type RequestOutcome = 'issued' | 'replaced' | 'sent_again' | 'in_gap' | 'refused' | 'challenge_required';

/** `foreign`: another session asked for the code. `overtaken`: the code was used, replaced or guessed to the end by another request at the same time. */
export type GuessOutcome = 'right' | 'wrong' | 'expired' | 'used' | 'used_up' | 'never_sent' | 'foreign' | 'overtaken';

export interface OtpSubject {
  /** E.164; logged as a keyed hash. */
  phoneNumber: string;
  purpose: OtpPurpose;
  client?: ClientInfo;
}

/** One line a request for a code and one a guess, by which operators see guessing and flooding. The reply says less. */
@Injectable()
export class OtpLog {
  constructor(
    private readonly pseudonyms: Pseudonyms,
    private readonly log: Log,
  ) {}

  /** @param finding of the limit that refused the request, or demanded a challenge */
  requested(subject: OtpSubject, outcome: RequestOutcome, finding?: Finding): void {
    this.write('code requested', subject, outcome, finding);
  }

  guessed(subject: OtpSubject, outcome: GuessOutcome): void {
    this.write('code checked', subject, outcome);
  }

  private write(what: string, { phoneNumber, purpose, client }: OtpSubject, outcome: string, finding?: Finding): void {
    const { rule, count, limit } = finding ?? {};
    const who = { phone: this.pseudonyms.of(phoneNumber), network: client?.ip };
    this.log.event(what, { ...who, purpose, outcome, rule, count, limit });
  }
}
