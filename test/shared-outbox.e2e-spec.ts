import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { SmsDispatcher } from '../src/dispatch/sms-dispatcher';
import { SmsMessage } from '../src/sms/sms-message.entity';
import { mysql } from './support/databases';
import { mysqlUrl, secrets } from './support/environment';
import { Inbox } from './support/inbox';
import { ServiceProcess } from './support/service-process';
import { TestApp } from './support/test-app';

const onMysql = mysqlUrl === undefined ? describe.skip : describe;
const phoneNumber = (index: number) => `+2557540${String(10_000 + index)}`;

const started: TestApp[] = [];

/** Leaves texts in an outbox that nobody looks after yet. */
async function fill(url: string, count: number): Promise<TestApp> {
  const app = await TestApp.start({ name: 'MySQL', create: async () => url });
  started.push(app);
  app.clock.advance((new Date().getTime() - app.clock.now().getTime()) / 1000);
  jest.spyOn(app.app.get(SmsDispatcher), 'wake').mockReturnValue();
  for (let index = 0; index < count; index++) await app.requestOtp(phoneNumber(index));
  return app;
}

/** A receiver of texts that is slow, as providers are: each waits until it has company, and then a turn. */
class Receiver {
  readonly ids: string[] = [];
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => {
      // Taken: from here on a person has the text, whatever becomes of the answer.
      this.ids.push(String(request.headers['webhook-id']));
      request.resume().on('end', () => void setImmediate().then(() => response.end('{}')));
    });
  }

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    receiver.server.listen(0, '127.0.0.1');
    await once(receiver.server, 'listening');
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  /** How many texts came, and how often each. */
  get tally(): Map<string, number> {
    const tally = new Map<string, number>();
    for (const id of this.ids) tally.set(id, (tally.get(id) ?? 0) + 1);
    return tally;
  }

  async hasTaken(count: number): Promise<void> {
    while (this.tally.size < count) await setImmediate();
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

onMysql('an outbox that nodes share (skipped without TEST_MYSQL_URL)', () => {
  let url: string;
  let database: Connection;
  let receiver: Receiver;

  beforeEach(async () => {
    url = await mysql.create();
    database = await createConnection(url);
    receiver = await Receiver.start();
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    receiver.stop();
    await Promise.all(started.splice(0).map((it) => it.stop()));
    await database.end();
  });

  const rows = async (sql: string) => (await database.query<RowDataPacket[]>(sql))[0];
  const node = (more: NodeJS.ProcessEnv = {}) =>
    ServiceProcess.start({
      ...more,
      DATABASE_URL: url,
      SMS_TRANSPORT: 'webhook',
      SMS_WEBHOOK_URL: receiver.url,
      SMS_WEBHOOK_SECRET: `whsec_${Buffer.from(secrets.SECRET_KEY).toString('base64')}`,
    });
  const allSent = async () => {
    const open = "SELECT COUNT(*) AS n FROM sms_message WHERE state IN ('queued', 'sending')";
    while ((await rows(open))[0]!.n > 0) await setImmediate();
  };

  it('gives each of 500 texts to one of two nodes, once', async () => {
    await fill(url, 500);
    const nodes = await Promise.all([node(), node()]);
    await allSent();
    await Promise.all(nodes.map((it) => it.stop()));
    expect(receiver.ids).toHaveLength(500);
    expect(receiver.tally.size).toBe(500);
  }, 60_000);

  it('loses none of 500 texts when a node is killed among them, and sends only those under way twice', async () => {
    await fill(url, 500);
    const inFlight = 20;
    const few = { SMS_IN_FLIGHT: String(inFlight) };
    const [killed, other] = await Promise.all([node(few), node(few)]);
    await receiver.hasTaken(150);
    killed.signal('SIGKILL');
    await killed.stopped();
    await allSent();
    await other.stop();

    expect(receiver.tally.size).toBe(500);
    const twice = [...receiver.tally].filter(([, times]) => times > 1).map(([id]) => id);
    expect(twice.length).toBeLessThanOrEqual(inFlight);
    expect([...receiver.tally.values()].every((times) => times <= 2)).toBe(true);
    // Whatever the dead node was at took a second attempt.
    const taken = await rows('SELECT id FROM sms_message WHERE attempts = 2');
    expect(taken.map(({ id }) => String(id))).toEqual(expect.arrayContaining(twice));
    expect(await rows('SELECT state, COUNT(*) AS n FROM sms_message GROUP BY state')).toEqual([
      { state: 'sent', n: 500 },
    ]);
  }, 60_000);

  it('passes over rows that another node is just taking', async () => {
    const app = await fill(url, 3);
    await database.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
    await database.beginTransaction();
    const [held] = await rows(
      "SELECT id, phone_number FROM sms_message WHERE phone_number = '" + phoneNumber(1) + "' FOR UPDATE",
    );
    const inbox = new Inbox();
    const dispatcher = app.dispatcherTo(inbox);
    await dispatcher.idle();
    expect(inbox.texts.map(({ to }) => to)).toEqual([phoneNumber(0), phoneNumber(2)]);

    await database.rollback();
    await dispatcher.idle();
    expect(inbox.texts.at(-1)).toMatchObject({ id: String(held!.id), to: phoneNumber(1) });
  });

  it('holds no database connection while a provider takes its time', async () => {
    const app = await fill(url, 20);
    let answer!: () => void;
    const answered = new Promise<string>((resolve) => (answer = () => resolve('id')));
    const inbox = new Inbox();
    jest.spyOn(inbox, 'send').mockImplementation(() => answered);
    const dispatcher = app.dispatcherTo(inbox);
    dispatcher.wake();
    const repository = app.dataSource.getRepository(SmsMessage);
    while ((await repository.countBy({ state: 'sending' })) < 20) await setImmediate();
    // The pool has 20 connections: were one held for each text, no call would get any.
    const replies = await Promise.all(
      Array.from({ length: 30 }, (_, index) => app.requestOtp(phoneNumber(100 + index))),
    );
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
    answer();
    await dispatcher.idle();
  });
});
