import { once } from 'node:events';
import type { Pdu, Session } from 'smpp';
import type { Log } from '../../log/log';
import { SmsNotTaken } from '../sms-transport';
import type { SmppSettings } from './smpp.settings';

const version34 = 0x34;
const timeoutMilliseconds = 5_000;
const maxPauseMilliseconds = 30_000;
/** Commands of a centre that have no answer (sections 4.1.7 and 4.12). */
const unanswered = ['outbind', 'alert_notification'];
const invalidCommand = 0x03;

/** A connection to a message centre (SMPP 3.4), bound, watched, and bound again when it breaks. */
export class SmppLink {
  /** Settled when the session is bound, or over before. */
  private binding?: Promise<Session>;
  private session?: Session;
  private failures = 0;
  private pause?: NodeJS.Timeout;
  private stopped = false;

  constructor(
    private readonly settings: SmppSettings,
    private readonly log: Log,
    private readonly deliver: (session: Session, pdu: Pdu) => void,
  ) {}

  open(): void {
    this.binding = this.bind();
    this.binding.catch(() => undefined);
  }

  /** @throws SmsNotTaken: at once while there is no connection, else when the one that is being made fails */
  async current(): Promise<Session> {
    if (this.binding === undefined) throw SmsNotTaken.passing('unreachable');
    return this.binding;
  }

  async close(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.pause);
    const { session } = this;
    if (session === undefined) return;
    const gone = once(session, 'close');
    const timeout = setTimeout(() => session.destroy(), 1_000);
    if (!session.unbind(() => session.destroy())) session.destroy();
    await gone;
    clearTimeout(timeout);
  }

  private async bind(): Promise<Session> {
    // Loaded only where it is used.
    const { default: smpp } = await import('smpp');
    const { hostname: host, port, protocol } = new URL(this.settings.url);
    const tls = protocol === 'smpps:';
    const session = smpp.connect({ host, ...(port && { port: Number(port) }), ...(tls && { tls, servername: host }) });
    // Each text under way waits for its end.
    session.setMaxListeners(0);
    this.session = session;
    const timeout = setTimeout(() => session.destroy(), timeoutMilliseconds);
    return new Promise((resolve, reject) => {
      let fault: unknown;
      session.on('error', (error) => {
        fault ??= error;
        session.destroy();
      });
      session.on('close', () => {
        clearTimeout(timeout);
        this.lose(fault);
        reject(fault instanceof SmsNotTaken ? fault : SmsNotTaken.passing('unreachable', { cause: fault }));
      });
      session.on(tls ? 'secureConnect' : 'connect', () =>
        session[`bind_${this.settings.bindAs}`](this.credentials(), ({ command_status }) => {
          clearTimeout(timeout);
          if (command_status !== 0) {
            session.emit('error', SmsNotTaken.passing('account_refused', { providerCode: hex(command_status) }));
            return;
          }
          this.failures = 0;
          this.log.event('message centre is bound', { transport: 'smpp' });
          this.keepAlive(session);
          resolve(session);
        }),
      );
      session.on('enquire_link', (pdu: Pdu) => session.send(pdu.response()));
      session.on('unbind', (pdu: Pdu) => {
        session.send(pdu.response());
        session.close();
      });
      for (const command of ['deliver_sm', 'data_sm']) session.on(command, (pdu: Pdu) => this.deliver(session, pdu));
      session.on('pdu', (pdu: Pdu) => refuseUnknown(session, pdu));
    });
  }

  private credentials(): object {
    const { url, systemType } = this.settings;
    const { username, password } = new URL(url);
    return {
      system_id: decodeURIComponent(username),
      password: decodeURIComponent(password),
      system_type: systemType,
      interface_version: version34,
    };
  }

  /** Comes again after a pause, twice as long each time. */
  private lose(fault: unknown): void {
    this.binding = undefined;
    this.session = undefined;
    if (this.stopped) return;
    // Once, not at every try.
    if (this.failures === 0) this.log.trouble('message centre is out of reach', fault, { transport: 'smpp' });
    const pause = Math.min(1_000 * 2 ** this.failures, maxPauseMilliseconds);
    this.failures += 1;
    this.pause = setTimeout(() => this.open(), pause).unref();
  }

  /** A connection may be dead without either end having heard of it. */
  private keepAlive(session: Session): void {
    let answered = true;
    const ask = () => {
      answered = false;
      session.enquire_link(() => (answered = true));
    };
    const beat = () => (answered ? ask() : session.destroy());
    const pulse = setInterval(beat, this.settings.enquireLinkSeconds * 1000).unref();
    session.once('close', () => clearInterval(pulse));
  }
}

/** A command that has no listener here is answered all the same (section 4.3), or the centre waits for it. */
function refuseUnknown(session: Session, pdu: Pdu): void {
  const { command, sequence_number } = pdu;
  if (pdu.isResponse() || unanswered.includes(command) || session.listenerCount(command) > 0) return;
  session.generic_nack({ command_status: invalidCommand, sequence_number });
}

/** As SMPP's tables of `command_status` have it. */
export function hex(commandStatus: number): string {
  return `0x${commandStatus.toString(16).padStart(2, '0')}`;
}
