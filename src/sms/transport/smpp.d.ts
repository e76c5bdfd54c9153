/** As much of smpp 0.5.1 as is used; it has no types of its own. */
declare module 'smpp' {
  import type { EventEmitter } from 'node:events';
  import type { Server } from 'node:net';

  export interface Pdu {
    command: string;
    command_status: number;
    sequence_number: number;
    message_id?: string;
    isResponse(): boolean;
    response(fields?: object): Pdu;
    [field: string]: unknown;
  }

  export interface Session extends EventEmitter {
    send(pdu: Pdu): boolean;
    bind_transmitter(fields: object, answered: (pdu: Pdu) => void): boolean;
    bind_transceiver(fields: object, answered: (pdu: Pdu) => void): boolean;
    submit_sm(fields: object, answered: (pdu: Pdu) => void): boolean;
    deliver_sm(fields: object, answered?: (pdu: Pdu) => void): boolean;
    data_sm(fields: object, answered?: (pdu: Pdu) => void): boolean;
    generic_nack(fields: object): boolean;
    enquire_link(answered: (pdu: Pdu) => void): boolean;
    unbind(answered: (pdu: Pdu) => void): boolean;
    close(): void;
    destroy(): void;
  }

  export interface Smpp {
    connect(options: { host: string; port?: number; tls?: boolean; servername?: string }): Session;
    createServer(options: object, listener: (session: Session) => void): Server & { sessions: Session[] };
    encodings: { ASCII: { encode(text: string): Buffer; decode(bytes: Buffer): string } };
  }

  const smpp: Smpp;
  export default smpp;
}
