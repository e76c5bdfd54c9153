import type { Sms, SmsTransport } from '../sms-transport';

/** Writes texts where a developer looks anyway. */
export class ConsoleTransport implements SmsTransport {
  readonly name = 'console' as const;

  async send({ to, text }: Sms): Promise<void> {
    process.stdout.write(`\n  Text to ${to}: ${text}\n\n`);
  }
}
