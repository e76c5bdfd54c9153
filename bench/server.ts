import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';

/** A process that is measured. */
export class Server {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
    readonly startMilliseconds: number,
  ) {}

  static async start(command: string[], env: NodeJS.ProcessEnv): Promise<Server> {
    const began = performance.now();
    const child = spawn(process.execPath, command, { env: { PATH: process.env.PATH, ...env } });
    child.stderr.pipe(process.stderr);
    const url = await new Promise<string>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`${command.join(' ')}: exit ${code}`)));
      createInterface({ input: child.stdout }).on('line', (line) => {
        const found = /"url":"([^"]+)"/.exec(line)?.[1];
        if (found) resolve(found);
      });
    });
    await fetch(`${url}/health/live/`).catch(() => undefined);
    return new Server(child, url, performance.now() - began);
  }

  /** Resident memory in MB. */
  get memory(): number {
    const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.child.pid}/status`, 'utf8')) ?? [];
    return Math.round(Number(kilobytes) / 1024);
  }

  stop(): void {
    this.child.kill('SIGTERM');
  }
}

/** @param share 0.99 for the value that 99 of 100 do not exceed */
export function percentile(values: number[], share: number): number {
  values.sort((a, b) => a - b);
  return values[Math.min(values.length - 1, Math.floor(values.length * share))]!;
}
