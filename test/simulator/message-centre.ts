import { EventEmitter, once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import smpp, { type Pdu, type Session } from 'smpp';

/** What a connection was bound with (SMPP 3.4 section 4.1). */
export type Bind = ReturnType<typeof readBind>;
/** A text as it came in (SMPP 3.4 section 4.4.1). */
export type Submit = ReturnType<typeof readSubmit>;

/** The fields of an answer; undefined for none at all. */
type Answer = { command_status?: number; message_id?: string } | undefined;

export interface CentreOptions {
  port?: number;
  /** For TLS. */
  key?: string;
  cert?: string;
  /** Keeps connections open that the other end has closed. */
  allowHalfOpen?: boolean;
}

/** A message centre (SMPP 3.4) that keeps what it is sent, and answers as it is told. */
export class MessageCentre {
  readonly binds: Bind[] = [];
  readonly submits: Submit[] = [];
  /** Refusals of commands. */
  readonly nacks: Pdu[] = [];
  enquiries = 0;
  unbinds = 0;
  /** Connections that are over. */
  closed = 0;

  answerBind: () => Answer | Promise<Answer> = () => ({});
  answerSubmit: (submit: Submit) => Answer | Promise<Answer> = () => ({ message_id: `id-${this.submits.length}` });
  answersEnquiries = true;
  answersUnbinds = true;

  private readonly news = new EventEmitter();
  private readonly server: ReturnType<typeof smpp.createServer>;
  private readonly sessions: Session[] = [];

  private constructor(options: CentreOptions) {
    // Each answer at once: tests wait for them one by one.
    this.server = smpp.createServer({ noDelay: true, ...options }, (session) => this.serve(session));
    this.server.on('tlsClientError', () => undefined);
  }

  static async start({ port = 0, ...options }: CentreOptions = {}): Promise<MessageCentre> {
    const centre = new MessageCentre(options);
    centre.server.listen(port, '127.0.0.1');
    await once(centre.server, 'listening');
    return centre;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  url(credentials = 'hodi:secret'): string {
    return `smpp://${credentials}@127.0.0.1:${this.port}`;
  }

  /** Waits until something is so, looking whenever something happens. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await once(this.news, 'news');
  }

  /** @returns the answer to a `deliver_sm` */
  deliver(fields: object): Promise<Pdu> {
    return new Promise((resolve) => this.session.deliver_sm(fields, resolve));
  }

  /** @returns the answer to a `data_sm` */
  data(fields: object): Promise<Pdu> {
    return new Promise((resolve) => this.session.data_sm(fields, resolve));
  }

  /** Also a way to wait until all that was sent before has been read. */
  askIfAlive(): Promise<Pdu> {
    return new Promise((resolve) => this.session.enquire_link(resolve));
  }

  unbind(): Promise<Pdu> {
    return new Promise((resolve) => this.session.unbind(resolve));
  }

  /** Bytes that no message centre would send. */
  sendRaw(bytes: Buffer): void {
    socketOf(this.session).write(bytes);
  }

  cut(): void {
    this.sessions.forEach((session) => session.destroy());
  }

  async stop(): Promise<void> {
    const stopped = once(this.server, 'close');
    this.server.close();
    this.cut();
    await stopped;
  }

  private get session(): Session {
    const session = this.sessions.at(-1);
    if (session === undefined) throw new Error('no client is connected');
    return session;
  }

  private tell(): void {
    this.news.emit('news');
  }

  private serve(session: Session): void {
    this.sessions.push(session);
    let received: Buffer[] = [];
    socketOf(session).on('data', (bytes: Buffer) => received.push(bytes));
    let whole = Buffer.alloc(0);
    // Told before the event of its command.
    session.on('pdu', () => {
      whole = Buffer.concat(received);
      received = [];
    });
    session.on('error', () => session.destroy());
    session.on('close', () => {
      this.sessions.splice(this.sessions.indexOf(session), 1);
      this.closed += 1;
      this.tell();
    });
    for (const command of ['bind_transceiver', 'bind_transmitter']) {
      session.on(command, (pdu: Pdu) => {
        this.binds.push(readBind(command, whole));
        void this.answer(session, pdu, this.answerBind());
      });
    }
    session.on('submit_sm', (pdu: Pdu) => {
      const submit = readSubmit(whole);
      this.submits.push(submit);
      void this.answer(session, pdu, this.answerSubmit(submit));
    });
    session.on('generic_nack', (pdu: Pdu) => {
      this.nacks.push(pdu);
      this.tell();
    });
    session.on('enquire_link', (pdu: Pdu) => {
      this.enquiries += 1;
      void this.answer(session, pdu, this.answersEnquiries ? {} : undefined);
    });
    session.on('unbind', (pdu: Pdu) => {
      this.unbinds += 1;
      void this.answer(session, pdu, this.answersUnbinds ? {} : undefined);
    });
  }

  private async answer(session: Session, pdu: Pdu, answer: Answer | Promise<Answer>): Promise<void> {
    this.tell();
    const fields = answer instanceof Promise ? await answer : answer;
    if (fields !== undefined) session.send(pdu.response(fields));
  }
}

/** The text of a receipt (SMPP 3.4 appendix B). */
export function receiptText(id: string, stat: string, err = '000'): string {
  const delivered = stat === 'DELIVRD' ? '001' : '000';
  const dates = 'submit date:2606011200 done date:2606011201';
  return `id:${id} sub:001 dlvrd:${delivered} ${dates} stat:${stat} err:${err} text:`;
}

/** Receipts come from the phone. */
export function receipt(fields: object): object {
  return { source_addr: '255679190720', destination_addr: 'HODI', esm_class: 0x04, data_coding: 0, ...fields };
}

/** A PDU to the byte (SMPP 3.4 section 3.2). */
export function pduBytes(commandId: number, sequenceNumber: number, body: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(16);
  [16 + body.length, commandId, 0, sequenceNumber].forEach((value, index) => head.writeUInt32BE(value, index * 4));
  return Buffer.concat([head, body]);
}

const socketOf = (session: Session) => (session as Session & { socket: Socket }).socket;

/** Reads from the bytes: a library at both ends would forgive itself. */
function fieldsIn(bytes: Buffer) {
  let place = 16;
  return {
    octet: () => bytes[place++]!,
    text: () => {
      const start = place;
      place = bytes.indexOf(0, start) + 1;
      return bytes.toString('latin1', start, place - 1);
    },
    counted: () => {
      const start = place + 1;
      place = start + bytes[place]!;
      return bytes.subarray(start, place);
    },
    rest: () => bytes.subarray(place),
  };
}

function readBind(command: string, bytes: Buffer) {
  const { octet, text } = fieldsIn(bytes);
  return {
    command,
    system_id: text(),
    password: text(),
    system_type: text(),
    interface_version: octet(),
    addr_ton: octet(),
    addr_npi: octet(),
    address_range: text(),
  };
}

function readSubmit(bytes: Buffer) {
  const { octet, text, counted, rest } = fieldsIn(bytes);
  return {
    service_type: text(),
    source_addr_ton: octet(),
    source_addr_npi: octet(),
    source_addr: text(),
    dest_addr_ton: octet(),
    dest_addr_npi: octet(),
    destination_addr: text(),
    esm_class: octet(),
    protocol_id: octet(),
    priority_flag: octet(),
    schedule_delivery_time: text(),
    validity_period: text(),
    registered_delivery: octet(),
    replace_if_present_flag: octet(),
    data_coding: octet(),
    sm_default_msg_id: octet(),
    short_message: counted(),
    optional: rest(),
  };
}
