import { Injectable } from '@nestjs/common';
import type { ClientInfo } from '../client/client-info';
import { Pseudonyms } from '../key/pseudonyms';
import { Log } from '../log/log';
import type { OtpPurpose } from './otp-challenge.entity';

/** `in_gap`: refused, as the last text was sent a moment ago. */
export type RequestOutcome = 'issued' | 'replaced' | 'sent_again' | 'in_gap';

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

  requested(subject: OtpSubject, outcome: RequestOutcome): void {
    this.write('code requested', subject, outcome);
  }

  guessed(subject: OtpSubject, outcome: GuessOutcome): void {
    this.write('code checked', subject, outcome);
  }

  private write(what: string, { phoneNumber, purpose, client }: OtpSubject, outcome: string): void {
    this.log.event(what, { phone: this.pseudonyms.of(phoneNumber), network: client?.ip, purpose, outcome });
  }
}
