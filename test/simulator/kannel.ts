import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setImmediate } from 'node:timers/promises';
import { scratchFolder } from '../support/environment';
import { freePort } from '../support/free-port';
import type { MessageCentre } from './message-centre';

const [bearerbox, smsbox] = ['/usr/sbin/bearerbox', '/usr/sbin/smsbox'];
const [fakesmsc, driveSmpp] = ['/usr/lib/kannel/test/fakesmsc', '/usr/lib/kannel/test/drive_smpp'];

export const hasKannel = [bearerbox, smsbox, fakesmsc, driveSmpp].every((it) => existsSync(it));

/** What a program is told to do, and what it says: on standard error, as all of Kannel does. */
class Program {
  private static readonly started = new Set<Program>();
  readonly output: string[] = [];

  private constructor(
    private readonly name: string,
    private readonly child: ChildProcess,
  ) {
    createInterface({ input: child.stderr! }).on('line', (line) => this.output.push(line));
    child.stdout!.resume();
  }

  static start(file: string, ...parameters: string[]): Program {
    const program = new Program(file, spawn(file, parameters, { cwd: scratchFolder(), env: {} }));
    Program.started.add(program);
    return program;
  }

  /** The last one first: `smsbox` begins anew when it misses its `bearerbox`. */
  static async endAll(): Promise<void> {
    await Promise.all([...Program.started].reverse().map((it) => it.end('SIGKILL')));
  }

  /** Looks again and again until something is so. */
  async until<T>(look: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
    for (;;) {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      if (this.isOver) throw new Error(`${this.name} is over: ${this.output.slice(0, 20).join('\n')}`);
      await setImmediate();
    }
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    Program.started.delete(this);
    if (this.isOver) return;
    this.child.kill(signal);
    await once(this.child, 'exit');
  }

  private get isOver(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }
}

/** Ends all programs of Kannel that were started, also after a test that failed. */
export const endKannel = () => Program.endAll();

/** An SMS gateway of its own: `bearerbox` with `smsbox`, all files in one folder. */
export class Kannel {
  private constructor(
    /** Where it takes texts. */
    readonly url: string,
    readonly folder: string,
    private readonly bearerbox: Program,
    private readonly statusUrl: string,
  ) {}

  /** Gives what it takes to Debian's `fakesmsc`, which reports everything as delivered. */
  static async withFakeCentre(more: readonly string[] = []): Promise<{ kannel: Kannel; centre: FakeCentre }> {
    const port = await freePort();
    const fake = ['smsc = fake', 'smsc-id = smsc1', 'host = 127.0.0.1', 'our-host = 127.0.0.1', `port = ${port}`];
    const kannel = await Kannel.start([...fake, 'connect-allow-ip = "127.0.0.1"', ...more]);
    const centre = FakeCentre.connect(port);
    await kannel.isOnline();
    return { kannel, centre };
  }

  /** Bound to a message centre by SMPP. */
  static async boundTo({ port }: MessageCentre): Promise<Kannel> {
    const centre = ['smsc = smpp', 'smsc-id = smsc1', 'host = 127.0.0.1', `port = ${port}`, 'transceiver-mode = true'];
    const account = ['smsc-username = "kannel"', 'smsc-password = "secret"', 'system-type = "VMA"'];
    const kannel = await Kannel.start([...centre, ...account, 'interface-version = 34', 'reconnect-delay = 1']);
    await kannel.isOnline();
    return kannel;
  }

  private static async start(smsc: readonly string[]): Promise<Kannel> {
    const folder = scratchFolder();
    const [admin, boxes, sendsms] = [await freePort(), await freePort(), await freePort()];
    const file = join(folder, 'kannel.conf');
    writeFileSync(file, configuration({ folder, admin, boxes, sendsms, smsc }));
    const program = Program.start(bearerbox, '-v', '4', file);
    const statusUrl = `http://127.0.0.1:${admin}/status.txt?password=status-password`;
    const kannel = new Kannel(`http://127.0.0.1:${sendsms}/cgi-bin/sendsms`, folder, program, statusUrl);
    await program.until(() => answers(boxes));
    Program.start(smsbox, '-v', '4', file);
    await kannel.shows('smsbox:box1');
    await kannel.shows('smsc1[smsc1]');
    return kannel;
  }

  /** All that it wrote. */
  logs(): string {
    return readdirSync(this.folder)
      .filter((name) => name.endsWith('.log'))
      .map((name) => readFileSync(join(this.folder, name), 'utf8'))
      .join('');
  }

  private isOnline(): Promise<boolean> {
    return this.shows('(online');
  }

  private shows(text: string): Promise<boolean> {
    return this.bearerbox.until(async () => {
      const status = await fetch(this.statusUrl).catch(() => undefined);
      return (await status?.text())?.includes(text) ?? false;
    });
  }
}

/** What a phone would get. */
export interface Taken {
  from: string;
  to: string;
  text: string;
}

/** Kannel's `fakesmsc`. */
export class FakeCentre {
  private constructor(private readonly program: Program) {}

  static connect(port: number): FakeCentre {
    // The message at the end is not sent: none at all would make it read its standard input.
    const parameters = ['-v', '0', '-H', '127.0.0.1', '-r', String(port), '-m', '0', '1 2 text x'];
    return new FakeCentre(Program.start(fakesmsc, ...parameters));
  }

  /** Waits for a text that is as it should be. */
  async textTo(phoneNumber: string, expected: RegExp): Promise<Taken> {
    return this.program.until(() => this.texts().find(({ to, text }) => to === phoneNumber && expected.test(text)));
  }

  texts(): Taken[] {
    const texts: Taken[] = [];
    for (const line of this.program.output) {
      const [, said] = /Got message \d+: <(.*)>$/.exec(line) ?? [];
      if (said === undefined) continue;
      const [, from, to, alphabet, text = ''] = /^(\S+) (\S+) (text|ucs-2) (.*)$/.exec(said) ?? [];
      // It takes each line of a text for a message.
      if (from === undefined || to === undefined) texts.at(-1)!.text += `\n${said}`;
      else texts.push({ from, to, text: alphabet === 'text' ? text : fromUcs2(text) });
    }
    return texts;
  }
}

/** Kannel's `drive_smpp`: takes texts from one transmitter, and is over when that leaves. */
export class DriveSmpp {
  private constructor(
    private readonly program: Program,
    readonly url: string,
    /** It insists on a `bearerbox`, which has nothing to do here. */
    private readonly bearerbox: Server,
  ) {}

  static async start(): Promise<DriveSmpp> {
    const bearerbox = createServer((socket) => socket.on('error', () => undefined));
    bearerbox.listen(13001, '127.0.0.1');
    await once(bearerbox, 'listening');
    const port = await freePort();
    const program = Program.start(driveSmpp, '-v', '0', '-p', String(port));
    await program.until(() => isListening(port));
    return new DriveSmpp(program, `smpp://hodi:secret@127.0.0.1:${port}`, bearerbox);
  }

  hears(text: string): Promise<string> {
    return this.program.until(() => this.program.output.find((line) => line.includes(text)));
  }

  async stop(): Promise<void> {
    await this.program.end('SIGKILL');
    this.bearerbox.close();
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return new Promise<boolean>((resolve) => {
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
  }).finally(() => socket.destroy());
}

/** Without a connection, where the first one counts. */
function isListening(port: number): boolean {
  const address = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const anywhere = address.replace('0100007F', '00000000');
  const listening = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .filter((line) => line.includes(' 0A '));
  return listening.some((line) => line.includes(address) || line.includes(anywhere));
}

/** UTF-16BE, escaped as in a URL. */
function fromUcs2(text: string): string {
  const bytes = text
    .replaceAll('+', ' ')
    .replaceAll(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').swap16().toString('utf16le');
}

interface Parts {
  folder: string;
  admin: number;
  boxes: number;
  sendsms: number;
  smsc: readonly string[];
}

/** As an operator would have it: only what is out of the ordinary is logged (log-level 2). */
const configuration = ({ folder, admin, boxes, sendsms, smsc }: Parts) => `group = core
admin-port = ${admin}
admin-interface = 127.0.0.1
admin-password = admin-password
status-password = status-password
smsbox-port = ${boxes}
smsbox-interface = 127.0.0.1
box-allow-ip = "127.0.0.1"
dlr-storage = internal
log-file = "${folder}/bearerbox.log"
log-level = 2

group = smsc
${smsc.join('\n')}

group = smsbox
smsbox-id = box1
bearerbox-host = 127.0.0.1
bearerbox-port = ${boxes}
sendsms-port = ${sendsms}
sendsms-interface = 127.0.0.1
sendsms-chars = "0123456789 +-"
log-file = "${folder}/smsbox.log"
log-level = 2

group = sendsms-user
username = hodi
password = kannel-password
max-messages = 10
concatenation = true
`;
