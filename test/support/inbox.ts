import type { Sms, SmsTransport } from '../../src/sms/sms-transport';

/** The far end of a provider: keeps what arrives, and can be told to take nothing. */
export class Inbox implements SmsTransport {
  readonly name = 'inbox';
  readonly texts: Sms[] = [];
  refusing = false;

  async send(sms: Sms): Promise<void> {
    if (this.refusing) throw new Error('the provider is out of order');
    this.texts.push(sms);
  }

  to(phoneNumber: string): Sms[] {
    return this.texts.filter(({ to }) => to === phoneNumber);
  }
}

export function codeIn(text: string): string {
  const [code] = /\b\d{6}\b/.exec(text) ?? [];
  if (code === undefined) throw new Error(`no code in: ${text}`);
  return code;
}
