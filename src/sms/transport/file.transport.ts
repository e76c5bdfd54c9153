import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../../clock/clock';
import type { Sms, SmsTransport } from '../sms-transport';

/** Appends one JSON line a text, `{"at","to","text"}`, for tests and scripts to read. */
export class FileTransport implements SmsTransport {
  readonly name = 'file' as const;

  constructor(
    private readonly file: string,
    private readonly clock: Clock,
  ) {}

  async send({ to, text }: Sms): Promise<void> {
    await mkdir(dirname(this.file), { recursive: true });
    const line = JSON.stringify({ at: this.clock.now().toISOString(), to, text });
    await appendFile(this.file, `${line}\n`, { mode: 0o600 });
  }
}
