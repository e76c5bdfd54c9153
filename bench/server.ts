import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';

/** Ticks of `/proc/<pid>/stat`: 100 a second on all of Linux's usual machines (`getconf CLK_TCK`). */
const ticksPerSecond = 100;

/** The last core, where there is more than one and `taskset`: the load and the database then have the others. */
const core = availableParallelism() - 1;
const canPin = core > 0 && spawnSync('taskset', ['--version']).status === 0;

/** A process that is measured. */
export class Server {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
    readonly startMilliseconds: number,
  ) {}

  /**
   * @param command arguments of Node; the program prints its `"url"` in a line when it listens
   * @param options `pinned` to keep it on one core of its own
   */
  static async start(command: string[], env: NodeJS.ProcessEnv, { pinned = false } = {}): Promise<Server> {
    const began = performance.now();
    const pin = pinned && canPin ? ['taskset', '-c', String(core)] : [];
    const [program, ...given] = [...pin, process.execPath, ...command] as [string, ...string[]];
    const child = spawn(program, given, {
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced',
    });
    child.stderr!.pipe(process.stderr);
    const url = await new Promise<string>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`${command.join(' ')}: exit ${code}`)));
      createInterface({ input: child.stdout! }).on('line', (line) => {
        const found = /"url":"([^"]+)"/.exec(line)?.[1];
        if (found) resolve(found);
      });
    });
    await fetch(`${url}/health/live/`).catch(() => undefined);
    return new Server(child, url, performance.now() - began);
  }

  /** Processor time in user and system mode so far. */
  get cpuSeconds(): number {
    // The name of the program before the last bracket may hold blanks.
    const fields = readFileSync(`/proc/${this.child.pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  }

  /** From now on `peakMemory` is that of the time to come (proc(5), `clear_refs`). */
  forgetPeak(): void {
    writeFileSync(`/proc/${this.child.pid}/clear_refs`, '5');
  }

  /** The most memory that was resident at a time, in MB. */
  get peakMemory(): number {
    const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${this.child.pid}/status`, 'utf8')) ?? [];
    return Math.round(Number(kilobytes) / 1024);
  }

  /** The next message of the process. */
  async message<T>(): Promise<T> {
    const [message] = (await once(this.child, 'message')) as [T];
    return message;
  }

  /** Gives the process a message, and waits for its next one. */
  async tell(message: object): Promise<void> {
    const answer = this.message();
    this.child.send(message);
    await answer;
  }

  /** Resolves when the process has ended. */
  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await ended;
  }
}

/** @param share 0.99 for the value that 99 of 100 do not exceed */
export function percentile(values: number[], share: number): number {
  values.sort((a, b) => a - b);
  return values[Math.min(values.length - 1, Math.floor(values.length * share))]!;
}
