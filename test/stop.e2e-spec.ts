import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { databases } from './support/databases';
import { otpSent, postJson, requestOtpPath } from './support/http-client';
import { ProviderServer, reply } from './simulator/provider-server';
import { ServiceProcess } from './support/service-process';

const phone = '+255679190720';

/** A client that keeps its connection as long as the server does. */
class Connection {
  private received = '';

  private readonly closed: Promise<void>;

  private constructor(private readonly socket: Socket) {
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => undefined);
    socket.setEncoding('utf8').on('data', (text: string) => (this.received += text));
  }

  static async open(url: string): Promise<Connection> {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    await once(socket, 'connect');
    return new Connection(socket);
  }

  /** Resolves when the bytes have left. */
  write(text: string): Promise<void> {
    return new Promise((resolve) => this.socket.write(text, () => resolve()));
  }

  async hears(text: string): Promise<void> {
    while (!this.received.includes(text)) await once(this.socket, 'data');
  }

  /** @returns all that was received until the server hung up */
  async untilClosed(): Promise<string> {
    await this.closed;
    return this.received;
  }
}

const getLive = 'GET /health/live/ HTTP/1.1\r\nHost: hodi.test\r\n\r\n';

/** Waits until nobody listens any more: the process has the signal, and is stopping. */
async function refuses(url: string): Promise<void> {
  const port = Number(new URL(url).port);
  const takesOneMore = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true));
      socket.on('connect', () => socket.destroy()).on('error', () => resolve(false));
    });
  while (await takesOneMore());
}

/** A call in the middle of its body: the `100 Continue` says that the server has begun with it. */
async function beginToAskForOtp(url: string): Promise<{ connection: Connection; finish: () => Promise<void> }> {
  const body = JSON.stringify({ phone_number: phone });
  const connection = await Connection.open(url);
  const head = ['Host: hodi.test', 'Content-Type: application/json', `Content-Length: ${body.length}`];
  await connection.write(`POST ${requestOtpPath} HTTP/1.1\r\n${head.join('\r\n')}\r\nExpect: 100-continue\r\n\r\n`);
  await connection.hears('100 Continue\r\n\r\n');
  await connection.write(body.slice(0, 5));
  return { connection, finish: () => connection.write(body.slice(5)) };
}

describe('a service that is told to stop', () => {
  let service: ServiceProcess;

  const start = async (env?: NodeJS.ProcessEnv) => void (service = await ServiceProcess.start(env));
  afterEach(async () => {
    service.signal('SIGKILL');
    await service.stopped();
  });

  it('answers the call that has begun, closes its connection, and leaves its text to the next start', async () => {
    await start();
    const { connection, finish } = await beginToAskForOtp(service.url);
    service.signal('SIGTERM');
    await refuses(service.url);
    await finish();

    const reply = await connection.untilClosed();
    expect(reply).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    expect(reply).toMatch(/\r\nconnection: close\r\n/i);
    expect(reply.slice(reply.lastIndexOf('\r\n\r\n') + 4)).toMatch(otpSent);
    expect(await service.stopped()).toBe(0);

    await start({ DATA_DIR: service.dataDir });
    await service.textTo(phone);
    expect(await service.stop()).toBe(0);
    expect(service.texts().map(({ to }) => to)).toEqual([phone]);
  });

  it('is not ready any more, and says so', async () => {
    await start();
    const begun = await Connection.open(service.url);
    await begun.write('GET /health/ready/ HTTP/1.1\r\nHost: hodi.test\r\n');
    // What is answered after it was sent after it: by now the server has the first lines above.
    const other = await Connection.open(service.url);
    await other.write(getLive);
    await other.hears('{"status":"ok"}');

    service.signal('SIGTERM');
    await refuses(service.url);
    await begun.write('\r\n');
    const reply = await begun.untilClosed();
    expect(reply).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/);
    expect(reply).toMatch(/\r\nretry-after: 5\r\n/);
    expect(reply.split('\r\n\r\n')[1]).toBe('{"status":"unavailable","parts":{"database":"up","process":"down"}}');
    expect(await service.stopped()).toBe(0);
  });

  it('is not held up by a connection that is kept for later calls', async () => {
    await start();
    const idle = await Connection.open(service.url);
    await idle.write(getLive);
    await idle.hears('{"status":"ok"}');

    expect(await service.stop()).toBe(0);
    expect(await idle.untilClosed()).toMatch(/\{"status":"ok"\}$/);
  });

  it('is not held up by a connection on which nothing was ever sent', async () => {
    await start();
    const silent = await Connection.open(service.url);
    const other = await Connection.open(service.url);
    await other.write(getLive);
    await other.hears('{"status":"ok"}');

    expect(await service.stop()).toBe(0);
    expect(await silent.untilClosed()).toBe('');
  });

  it('is not held up by a request that never comes to its end, and still ends with 0', async () => {
    await start();
    const connection = await Connection.open(service.url);
    const head = 'Host: hodi.test\r\nContent-Type: application/json\r\nContent-Length: 8000\r\nExpect: 100-continue';
    await connection.write(`POST ${requestOtpPath} HTTP/1.1\r\n${head}\r\n\r\n`);
    await connection.hears('100 Continue\r\n\r\n');
    const headers = await Connection.open(service.url);
    await headers.write('GET /health/live/ HTTP/1.1\r\nHost: hodi.test\r\n');
    const drip = setInterval(() => {
      void connection.write(' ');
      void headers.write('A: b\r\n');
    }, 100);

    expect(await service.stop()).toBe(0);
    clearInterval(drip);
    expect(await connection.untilClosed()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    expect(await headers.untilClosed()).toBe('');
  });

  it.each(['0', '1'])('answers the call that has begun, however many signals follow, after %s s', async (drain) => {
    await start({ SHUTDOWN_DRAIN_SECONDS: drain });
    const { connection, finish } = await beginToAskForOtp(service.url);
    service.signal('SIGTERM');
    await service.lineWith('"msg":"stopping"');
    service.signal('SIGTERM');
    service.signal('SIGINT');
    await refuses(service.url);
    service.signal('SIGINT');
    await finish();
    expect(await connection.untilClosed()).toMatch(/\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    expect(await service.stopped()).toBe(0);
    expect(service.output.filter((line) => line.includes('"msg":"stopping"'))).toHaveLength(1);
  });

  it('serves on new connections while it drains, says that it is not ready, and keeps no connection', async () => {
    await start({ SHUTDOWN_DRAIN_SECONDS: '2' });
    const get = (path: string) => fetch(`${service.url}${path}`);
    service.signal('SIGTERM');
    await service.lineWith('"msg":"stopping"');

    const ready = await get('/health/ready/');
    expect([ready.status, ready.headers.get('connection')]).toEqual([503, 'close']);
    expect(await ready.json()).toMatchObject({ status: 'unavailable', parts: { process: 'down' } });
    const reply = await postJson(service.url, requestOtpPath, { phone_number: phone });
    expect([reply.status, reply.headers.connection]).toEqual([200, 'close']);
    await service.textTo(phone);
    expect(await service.stopped()).toBe(0);
  });

  it('breaks off no call of 30 callers who go elsewhere as soon as it is not ready', async () => {
    await start({ SHUTDOWN_DRAIN_SECONDS: '3' });
    const agent = new Agent({ keepAlive: true });
    const statusOf = (path: string, through: Agent | false) =>
      new Promise<number | undefined>((resolve, reject) => {
        const outgoing = request(`${service.url}${path}`, { agent: through }, (incoming) => {
          incoming.on('error', reject).on('end', () => resolve(incoming.statusCode));
          incoming.resume();
        });
        outgoing.on('error', reject).end();
      });
    let isReady = true;
    let answered = 0;
    const call = async (_: unknown, caller: number) => {
      while (isReady) {
        expect(await statusOf('/health/live/', caller % 2 === 0 && agent)).toBe(200);
        answered += 1;
      }
    };
    const callers = Array.from({ length: 30 }, call);
    while (answered < 300) await setImmediate();
    service.signal('SIGTERM');
    while (isReady) isReady = (await statusOf('/health/ready/', false)) === 200;
    await Promise.all(callers);
    expect(await service.stopped()).toBe(0);
    agent.destroy();
  });

  it('leaves a text to the next start that its provider has not answered for in 5 seconds', async () => {
    const provider = await new ProviderServer().start();
    const env = {
      SMS_WEBHOOK_URL: provider.url,
      SMS_WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
    };
    provider.answer(() => undefined);
    await start({ ...env, SMS_TRANSPORT: 'webhook' });
    const called = provider.nextRequest();
    await postJson(service.url, requestOtpPath, { phone_number: phone });
    await called;
    expect(await service.stop()).toBe(0);

    provider.answer(reply(200));
    const again = provider.nextRequest();
    await start({ ...env, SMS_TRANSPORT: 'webhook', DATA_DIR: service.dataDir });
    await again;
    const [first, second] = provider.requests.map(({ headers }) => headers['webhook-id']);
    expect(second).toBe(first);
    expect(await service.stop()).toBe(0);
    await provider.stop();
  });

  describe.each(databases)('under load, on $name', (database) => {
    const phones = Array.from({ length: 40 }, (_, index) => `+255679190${700 + index}`);
    const agent = new Agent({ keepAlive: true });

    interface Reply {
      status?: number;
      text: string;
    }

    /** @returns the whole reply; rejects if it breaks off */
    function call(method: string, path: string, body = ''): Promise<Reply> {
      return new Promise((resolve, reject) => {
        const headers = { 'Content-Type': 'application/json', 'Content-Length': body.length };
        const outgoing = request(`${service.url}${path}`, { method, agent, headers }, (incoming) => {
          let text = '';
          incoming.setEncoding('utf8').on('data', (piece: string) => (text += piece));
          incoming.on('error', reject).on('end', () => resolve({ status: incoming.statusCode, text }));
        });
        outgoing.on('error', reject).end(body);
      });
    }

    afterAll(() => agent.destroy());

    it.each(['SIGTERM', 'SIGINT'] as const)('answers every call and loses no text on %s', async (signal) => {
      const env = { DATABASE_URL: await database.create() };
      await start(env);
      // Each call has a connection that the server knows, so that each is in its hands before the signal.
      await Promise.all(phones.map(() => call('GET', '/health/live/')));
      const calls = phones.map((it) => call('POST', requestOtpPath, JSON.stringify({ phone_number: it })));
      await Promise.race(calls);
      service.signal(signal);

      expect(await Promise.all(calls)).toEqual(
        phones.map(() => ({ status: 200, text: expect.stringMatching(otpSent) as string })),
      );
      expect(await service.stopped()).toBe(0);

      await start({ ...env, DATA_DIR: service.dataDir });
      await Promise.all(phones.map((it) => service.textTo(it)));
      expect(await service.stop()).toBe(0);
      const texts = service.texts().map(({ to }) => to);
      expect(texts.sort()).toEqual(phones);
    });
  });
});
