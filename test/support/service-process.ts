import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setImmediate } from 'node:timers/promises';
import { testEnvironment } from './environment';
import { codeIn } from './inbox';

const root = join(__dirname, '../..');

/** A built service in a process of its own, as an operator runs it. */
export class ServiceProcess {
  readonly output: string[] = [];

  private constructor(
    private readonly child: ChildProcess,
    private readonly env: NodeJS.ProcessEnv,
    public url = '',
  ) {}

  static async start(more: NodeJS.ProcessEnv = {}): Promise<ServiceProcess> {
    const env: NodeJS.ProcessEnv = { PATH: process.env.PATH, ...testEnvironment(more) };
    const child = spawn(process.execPath, [join(root, 'dist/main.js')], { env, cwd: env.DATA_DIR });
    const service = new ServiceProcess(child, env);
    const lines = createInterface({ input: child.stdout });
    createInterface({ input: child.stderr }).on('line', (line) => service.output.push(line));
    await new Promise<void>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`exit ${code}: ${service.output.join('\n')}`)));
      lines.on('line', (line) => {
        service.output.push(line);
        const url = /"url":"([^"]+)","msg":"listening"/.exec(line)?.[1];
        if (url === undefined) return;
        service.url = url;
        resolve();
      });
    });
    return service;
  }

  get dataDir(): string {
    return this.env.DATA_DIR!;
  }

  /** Texts that went to the file of this process. */
  texts(): { to: string; text: string }[] {
    const file = join(this.dataDir, 'sms.jsonl');
    if (!existsSync(file)) return [];
    const whole = readFileSync(file, 'utf8').split('\n').slice(0, -1);
    return whole.map((line) => JSON.parse(line) as { to: string; text: string });
  }

  /** Waits for the first text to a number: it is sent beside the reply, not before it. */
  async textTo(phoneNumber: string): Promise<string> {
    for (;;) {
      const found = this.texts().findLast(({ to }) => to === phoneNumber);
      if (found) return found.text;
      await setImmediate();
    }
  }

  /** Waits for a line of output. */
  async lineWith(text: string): Promise<string> {
    for (;;) {
      const found = this.output.find((line) => line.includes(text));
      if (found !== undefined) return found;
      await setImmediate();
    }
  }

  async codeFor(phoneNumber: string): Promise<string> {
    return codeIn(await this.textTo(phoneNumber));
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** @returns the exit code */
  async stopped(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    return this.child.exitCode;
  }

  async stop(): Promise<number | null> {
    this.signal('SIGTERM');
    return this.stopped();
  }
}
