import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
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

  /** Texts that went to the file of this process. */
  texts(): { to: string; text: string }[] {
    const lines = readFileSync(join(this.env.DATA_DIR!, 'sms.jsonl'), 'utf8').trim().split('\n');
    return lines.map((line) => JSON.parse(line) as { to: string; text: string });
  }

  codeFor(phoneNumber: string): string {
    return codeIn(this.texts().findLast(({ to }) => to === phoneNumber)?.text ?? '');
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
