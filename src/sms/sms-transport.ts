export interface Sms {
  /** The same at every try, for providers that drop doubles. */
  id: string;
  /** E.164. */
  to: string;
  text: string;
}

/** The door to whoever carries texts. A new one is a file in `transport/` and a line in `sms.module.ts`. */
export interface SmsTransport {
  readonly name: string;
  /** Resolves when the text was taken over; any rejection means it was not, and another try may follow. */
  send(sms: Sms): Promise<void>;
}

/** The transports in the order in which they are tried. */
export const SMS_TRANSPORTS = Symbol('SMS_TRANSPORTS');
