import type { SmsMessage } from './sms-message.entity';

export interface LiveCode {
  code: string;
  /** Whole seconds, 1 or more. */
  ttlSeconds: number;
}

/** Gives the code that a text is about at the moment of sending; nobody keeps it anywhere. */
export interface OtpSource {
  /** @returns undefined if the code is used, used up, replaced or past its life: such a text is not sent */
  liveCodeFor(message: Pick<SmsMessage, 'phoneNumber' | 'challengeId' | 'template'>): Promise<LiveCode | undefined>;
}
