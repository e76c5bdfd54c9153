import { setImmediate } from 'node:timers/promises';
import type { SmsTransportName } from '../../src/sms/sms-provider-settings';
import { SmsNotTaken, type Sms, type SmsTransport } from '../../src/sms/sms-transport';

/** The far end of a provider: keeps what arrives, and can be told to take nothing, for a while or for good. */
export class Inbox implements SmsTransport {
  readonly texts: Sms[] = [];
  refusing: boolean | SmsNotTaken = false;

  constructor(readonly name: SmsTransportName = 'file') {}

  async send(sms: Sms): Promise<string> {
    if (this.refusing !== false) throw this.refusing === true ? SmsNotTaken.passing('out_of_order') : this.refusing;
    this.texts.push(sms);
    return `${this.name}-${this.texts.length}`;
  }

  to(phoneNumber: string): Sms[] {
    return this.texts.filter(({ to }) => to === phoneNumber);
  }

  /** Waits for a text to a number. */
  async received(phoneNumber: string): Promise<Sms> {
    for (;;) {
      const [sms] = this.to(phoneNumber);
      if (sms !== undefined) return sms;
      await setImmediate();
    }
  }

  empty(): void {
    this.texts.length = 0;
    this.refusing = false;
  }
}

export function codeIn(text: string): string {
  const [code] = /\b\d{6}\b/.exec(text) ?? [];
  if (code === undefined) throw new Error(`no code in: ${text}`);
  return code;
}
