import { connect, type Socket } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { requestOtpPath } from './support/http-client';
import { TestApp } from './support/test-app';

describe('a caller that takes its time', () => {
  let test: TestApp;
  beforeAll(async () => void (test = await TestApp.start()));
  afterAll(() => test.stop());

  const head = `POST ${requestOtpPath} HTTP/1.1\r\nHost: hodi.test\r\n`;

  /** Sends one piece after another until the server hangs up. */
  function drip(begin: string, piece: string): Promise<string> {
    const { port } = (test.app.getHttpServer() as Server).address() as AddressInfo;
    const socket: Socket = connect(port, '127.0.0.1');
    let received = '';
    socket.setEncoding('utf8').on('data', (text: string) => (received += text));
    socket.on('error', () => undefined);
    if (begin) socket.write(begin);
    const timer = setInterval(() => piece && socket.write(piece), 200);
    return new Promise((resolve) =>
      socket.once('close', () => {
        clearInterval(timer);
        resolve(received);
      }),
    );
  }

  // Node's own limits would let each of them stay for a minute or more.
  it('is cut off when a request has not come in within 10 s, whatever is missing', async () => {
    const cut = await Promise.all([
      drip('', ''),
      drip('POST', 'T'),
      drip(head, 'A: b\r\n'),
      drip(`${head}Content-Type: application/json\r\nContent-Length: 8000\r\n\r\n`, ' '),
      drip(`${head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`, '1\r\n \r\n'),
    ]);
    for (const reply of cut) {
      expect(reply).toMatch(/^HTTP\/1\.1 (408 Request Timeout|400 Bad Request)\r\n/);
      expect(reply).toMatch(/\{"detail":"(Request took too long to arrive|Malformed request)\."\}$/);
    }
    expect(cut.filter((reply) => reply.startsWith('HTTP/1.1 408 '))).not.toHaveLength(0);
  }, 20_000);

  it('shares a bounded number of connections, and holds none of them without reading', () => {
    expect(test.app.getHttpServer()).toMatchObject({
      maxConnections: 4_096,
      timeout: 30_000,
      keepAliveTimeout: 72_000,
    });
  });
});
