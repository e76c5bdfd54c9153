import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ProviderName } from '../../src/sms/sms-provider-settings';

export interface ProviderRequest {
  method: string;
  /** With the query, as it was asked for. */
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** What is done with a call once it is here as a whole. */
export type Answer = (response: ServerResponse, request: ProviderRequest) => void;

/** The far end of a provider's API: keeps each call to the letter, and answers as it is told. */
export class ProviderServer {
  readonly requests: ProviderRequest[] = [];
  private answers: Answer[] = [];
  private readonly arrivals = new EventEmitter();
  private readonly server = createServer((incoming, response) => void this.take(incoming, response));
  private port = 0;

  constructor() {
    // Clients keep the connection for the next call: it must not end in between.
    this.server.keepAliveTimeout = 0;
  }

  async start(): Promise<this> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
    return this;
  }

  /** Stays the same after `stop`, when there is no answer any more. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** To the next calls, one each; the last answer is that to all further calls, too. */
  answer(...answers: Answer[]): void {
    this.answers = answers;
  }

  /** Resolves when the next call is here as a whole, with what it holds open. */
  async nextRequest(): Promise<{ request: ProviderRequest; response: ServerResponse }> {
    const [request, response] = (await once(this.arrivals, 'request')) as [ProviderRequest, ServerResponse];
    return { request, response };
  }

  forget(): void {
    this.requests.length = 0;
    this.answers = [];
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => {
      this.server.close(resolve);
      this.server.closeAllConnections();
    });
  }

  private async take(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { method = '', url: path = '', headers } = incoming;
    const request = { method, path, headers, body: Buffer.concat(chunks).toString('utf8') };
    this.requests.push(request);
    const [answer = reply(501), ...others] = this.answers;
    if (others.length > 0) this.answers = others;
    answer(response, request);
    this.arrivals.emit('request', request, response);
  }
}

/** @param body a text to the letter, or what is to be written as JSON */
export function reply(status: number, body: unknown = '', headers: Record<string, string> = {}): Answer {
  return (response) => response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
}

/** Takes the call and says nothing. */
export const never: Answer = () => undefined;

/** Ends the connection without a word. */
export const cut: Answer = (response) => response.destroy();

/** Half of a reply, and the end of the connection. */
export const cutHalfway: Answer = (response) => {
  response.writeHead(200, { 'Content-Length': '100' });
  response.write('{"half":', () => response.destroy());
};

/** A reply whose second half comes when the first one is on its way. */
export function inTwoParts(status: number, body: unknown): Answer {
  const text = JSON.stringify(body);
  const middle = Math.floor(text.length / 2);
  return (response) => {
    response.writeHead(status);
    response.write(text.slice(0, middle), () => response.end(text.slice(middle)));
  };
}

/** What is no HTTP at all. */
export function garbage(bytes: string): Answer {
  return (response) => response.socket?.end(bytes);
}

export const receiptToken = 'receipts_0123456789abcdefghijklmnopqrst';
export const vonageSecret = 'vonage-signature-secret';
export const webhookSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

/** Settings of each provider that is reached over HTTP, with its API at the given address. */
export function providerEnvironment(url: string): Record<Exclude<ProviderName, 'smpp'>, Record<string, string>> {
  return {
    africastalking: { AFRICASTALKING_USERNAME: 'hodi', AFRICASTALKING_API_KEY: 'atsk_key', AFRICASTALKING_URL: url },
    beem: { BEEM_API_KEY: 'beem-key', BEEM_SECRET_KEY: 'beem-secret', BEEM_SENDER: 'HODI', BEEM_URL: url },
    twilio: {
      TWILIO_ACCOUNT_SID: 'AC0123456789abcdef0123456789abcdef',
      TWILIO_AUTH_TOKEN: 'twilio-token',
      TWILIO_SENDER: '+15005550006',
      TWILIO_URL: url,
    },
    vonage: { VONAGE_API_KEY: 'abcd1234', VONAGE_API_SECRET: 'vonage-secret', VONAGE_SENDER: 'HODI', VONAGE_URL: url },
    infobip: { INFOBIP_URL: url, INFOBIP_API_KEY: 'infobip-key', INFOBIP_SENDER: 'HODI' },
    sns: {
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
      SNS_URL: url,
    },
    kannel: { KANNEL_URL: `${url}/cgi-bin/sendsms`, KANNEL_USERNAME: 'hodi', KANNEL_PASSWORD: 'kannel-password' },
    webhook: { SMS_WEBHOOK_URL: `${url}/texts?from=hodi`, SMS_WEBHOOK_SECRET: webhookSecret },
  };
}
