import { randomBytes } from 'node:crypto';
import type { Pdu, Session } from 'smpp';
import type { Log } from '../../log/log';
import { segmentsOf, sizeOf, type SmsSize } from '../alphabet';
import { outcomeOf, type SmsReceipt } from '../sms-receipt';
import { SmsNotTaken, type Sms, type SmsTransport } from '../sms-transport';
import { hex, SmppLink } from './smpp-link';
import type { SmppSettings } from './smpp.settings';

/** SMPP 3.4 section 5.1.3. */
const status = { ok: 0, systemError: 0x08, queueFull: 0x14, throttled: 0x58, later: 0x64 };
/** Invalid length, destination, number of destinations, type or plan of the destination; rejected. */
const numberFaults = [0x01, 0x0b, 0x33, 0x50, 0x51, 0x66];
/** Not bound for this, wrong password, wrong system id. */
const accountFaults = [0x04, 0x0e, 0x0f];
/** Which bits of `esm_class` tell what kind a message is, and the kind of a receipt (section 5.2.12). */
const kind = { bits: 0x3c, receipt: 0x04 };
/** Type and plan of numbers (sections 5.2.5 and 5.2.6). */
const international = { ton: 1, npi: 1 };
const shortCode = { ton: 3, npi: 0 };
const alphanumeric = { ton: 5, npi: 0 };
const maxShortCodeDigits = 6;
/** Section 5.2.19. */
const dataCoding = { 'GSM-7': 0, 'UCS-2': 8 };

/** By `message_state` (section 5.2.28), and by the word of a receipt's text (appendix B). */
const outcomes: Readonly<Record<string, SmsReceipt['outcome']>> = {
  ...{ 2: 'delivered', 3: 'failed', 4: 'failed', 5: 'failed', 8: 'failed' },
  ...{ DELIVRD: 'delivered', EXPIRED: 'failed', DELETED: 'failed', UNDELIV: 'failed', REJECTD: 'failed' },
};

/** A message centre that speaks SMPP 3.4, over a connection that is kept. */
export class SmppTransport implements SmsTransport {
  readonly name = 'smpp';
  private readonly link: SmppLink;
  private report: (receipt: SmsReceipt) => Promise<void> = async () => undefined;

  constructor(
    private readonly settings: SmppSettings,
    private readonly log: Log,
  ) {
    this.link = new SmppLink(settings, log, (session, pdu) => void this.take(session, pdu));
  }

  open(report: (receipt: SmsReceipt) => Promise<void>): void {
    this.report = report;
    this.link.open();
  }

  close(): Promise<void> {
    return this.link.close();
  }

  /** @returns the centre's id of the last segment, which is the one that a receipt is asked for */
  async send({ to, text, ttlSeconds }: Sms, signal: AbortSignal): Promise<string | undefined> {
    const session = await this.link.current();
    signal.throwIfAborted();
    const { alphabet } = sizeOf(text);
    const messages = await encoded(segmentsOf(text), alphabet);
    const common = {
      ...addresses(this.settings.sender, to),
      validity_period: relativeTime(ttlSeconds),
      data_coding: dataCoding[alphabet],
    };
    const ids = messages.map((short_message, index) =>
      submit(session, { ...common, short_message, registered_delivery: index === messages.length - 1 ? 1 : 0 }),
    );
    return plain((await Promise.all(ids)).at(-1));
  }

  /** Answered when it is written down; until then the centre keeps it. */
  private async take(session: Session, pdu: Pdu): Promise<void> {
    try {
      const receipt = this.receiptIn(pdu);
      if (receipt !== undefined) await this.report(receipt);
      session.send(pdu.response());
    } catch (error) {
      this.log.trouble('a receipt could not be recorded', error, { transport: this.name });
      session.send(pdu.response({ command_status: status.later }));
    }
  }

  /** @returns undefined for what is no receipt: a person's answer to a text, which is not read */
  private receiptIn(pdu: Pdu): SmsReceipt | undefined {
    const { esm_class: esmClass, message_state: state } = pdu;
    if (typeof esmClass !== 'number' || (esmClass & kind.bits) !== kind.receipt) return undefined;
    const text = textOf(pdu.short_message) || textOf(pdu.message_payload);
    const field = (name: string) => new RegExp(`\\b${name}:(\\S+)`, 'i').exec(text)?.[1];
    const id = idIn(pdu) ?? field('id');
    const word = field('stat')?.toUpperCase() ?? '';
    if (id === undefined) return undefined;
    const outcome = outcomeOf(outcomes, typeof state === 'number' && state in outcomes ? String(state) : word);
    const isDecimal = this.settings.receiptIds === 'decimal' && /^\d+$/.test(id);
    const providerId = plain(isDecimal ? BigInt(id).toString(16) : id);
    return { providerId, outcome, providerCode: field('err') ?? word };
  }
}

/** The library reads on to the next NUL where a centre has left that of the id out; ids are visible letters. */
function idIn({ receipted_message_id: id }: Pdu): string | undefined {
  return typeof id === 'string' ? /^[!-~]+/.exec(id)?.[0] : undefined;
}

/** The library decodes the alphabets that it knows, and leaves bytes of others. */
function textOf(field: unknown): string {
  const text = field instanceof Object && 'message' in field ? field.message : field;
  if (Buffer.isBuffer(text)) return text.toString('latin1');
  return typeof text === 'string' ? text : '';
}

/** One message, or several with their places (concatenation, 3GPP TS 23.040 section 9.2.3.24.1). */
async function encoded(segments: readonly string[], alphabet: SmsSize['alphabet']) {
  const { default: smpp } = await import('smpp');
  const bytes = segments.map((it) =>
    alphabet === 'GSM-7' ? smpp.encodings.ASCII.encode(it) : Buffer.from(it, 'utf16le').swap16(),
  );
  if (bytes.length === 1) return bytes;
  const reference = randomBytes(1)[0]!;
  return bytes.map((message, index) => ({
    udh: Buffer.from([5, 0, 3, reference, bytes.length, index + 1]),
    message,
  }));
}

function addresses(sender: string, to: string) {
  const from = sender.replace(/^\+/, '');
  const { ton, npi } = /\D/.test(from) ? alphanumeric : from.length <= maxShortCodeDigits ? shortCode : international;
  return {
    ...{ source_addr: from, source_addr_ton: ton, source_addr_npi: npi },
    ...{ destination_addr: to.slice(1), dest_addr_ton: international.ton, dest_addr_npi: international.npi },
  };
}

/** The callbacks of a session that ends are never called. */
function submit(session: Session, fields: object): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const lost = () => reject(SmsNotTaken.passing('unreachable'));
    session.once('close', lost);
    const written = session.submit_sm(fields, ({ command_status, message_id }) => {
      session.off('close', lost);
      if (command_status === status.ok) resolve(message_id);
      else reject(faultOf(command_status));
    });
    if (!written) lost();
  });
}

function faultOf(commandStatus: number): SmsNotTaken {
  const providerCode = hex(commandStatus);
  if (numberFaults.includes(commandStatus)) return SmsNotTaken.refused(providerCode);
  if (commandStatus === status.throttled || commandStatus === status.queueFull)
    return SmsNotTaken.throttled(1, providerCode);
  if (accountFaults.includes(commandStatus)) return SmsNotTaken.passing('account_refused', { providerCode });
  if (commandStatus === status.systemError) return SmsNotTaken.passing('out_of_order', { providerCode });
  return SmsNotTaken.unclear('unclear', providerCode);
}

/** Centres pad ids with zeros and change their case between the answer and the receipt. */
function plain(id: string | undefined): string | undefined {
  return id?.toLowerCase().replace(/^0+(?=.)/, '') || undefined;
}

/** `YYMMDDhhmmss000R`, section 7.1.1. */
function relativeTime(seconds: number): string {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return `000000${parts.map((it) => String(it).padStart(2, '0')).join('')}000R`;
}
