import type { SmsMessage } from './sms-message.entity';

export interface LiveCode {
  code: string;
  /** Whole seconds, 1 or more. */
  ttlSeconds: number;
}

/** Gives the codes that texts are about at the moment of sending; they are not stored. */
export interface OtpSource {
  /** @returns by challenge; a code that is used, used up, replaced or past its life is left out: its text is not sent */
  liveCodesFor(
    messages: readonly Pick<SmsMessage, 'phoneNumber' | 'challengeId' | 'template'>[],
  ): Promise<ReadonlyMap<SmsMessage['challengeId'], LiveCode>>;
}
