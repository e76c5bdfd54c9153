import { Agent, request } from 'node:http';

/** What a route answers. */
export interface Reply {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  text: string;
}

/** Calls over one connection, one after the other. */
export class Calls {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(private readonly url: string) {}

  send(method: 'GET' | 'POST', path: string, headers: Record<string, string> = {}, body?: object): Promise<Reply> {
    const bytes = Buffer.from(body === undefined ? '' : JSON.stringify(body));
    const content = { 'content-type': 'application/json', 'content-length': String(bytes.length) };
    const options = { method, agent: this.agent, headers: { ...(body === undefined ? {} : content), ...headers } };
    return new Promise((resolve, reject) => {
      const call = request(`${this.url}${path}`, options, (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        incoming.on('error', reject);
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }));
      });
      call.on('error', reject);
      call.end(bytes);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
