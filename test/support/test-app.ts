import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { DataSource } from 'typeorm';
import { prepare } from '../../src/app';
import { AppModule } from '../../src/app.module';
import { Clock } from '../../src/clock/clock';
import { readSettings } from '../../src/settings/settings';
import { DispatchSettings } from '../../src/dispatch/dispatch-settings';
import { SmsDispatcher } from '../../src/dispatch/sms-dispatcher';
import { createAdapter } from '../../src/http/fastify-adapter';
import { Log, LOG_DESTINATION } from '../../src/log/log';
import { SmsMessage } from '../../src/sms/sms-message.entity';
import { SmsQueue } from '../../src/sms/sms-queue';
import { SmsRouter } from '../../src/sms/sms-router';
import { SmsSignal } from '../../src/sms/sms-signal';
import type { SmsTransport } from '../../src/sms/sms-transport';
import { SmsTransports, transportsOf } from '../../src/sms/transports';
import { Wording } from '../../src/sms/wording';
import { OtpTexts } from '../../src/otp/otp-texts';
import { TransactionRunner } from '../../src/transaction/transaction-runner';
import { emptyTables, sqlite, type TestDatabase } from './databases';
import { testEnvironment } from './environment';
import { FakeClock } from './fake-clock';
import { postJson, requestOtpPath, send, verifyPath, type HttpReply, type HttpRequest } from './http-client';
import { codeIn, Inbox } from './inbox';

/** The real application on a real database and a real port; only the clock and the far end of texts are others. */
export class TestApp {
  private constructor(
    readonly app: NestFastifyApplication,
    readonly url: string,
    readonly clock: FakeClock,
    /** What stands in for the transports `file` and `console`. */
    readonly inbox: Inbox,
    readonly otherInbox: Inbox,
    /** Lines as they would stand in the log. */
    readonly logged: string[],
  ) {}

  /** @param replaceMore what a test about it replaces beside clock and texts, such as the address of a provider */
  static async start(
    database: TestDatabase = sqlite,
    env: NodeJS.ProcessEnv = {},
    replaceMore: (builder: TestingModuleBuilder) => TestingModuleBuilder = (builder) => builder,
  ): Promise<TestApp> {
    const settings = readSettings(testEnvironment({ DATABASE_URL: await database.create(), ...env }));
    const clock = new FakeClock();
    const inbox = new Inbox('file');
    const otherInbox = new Inbox('console');
    const farEnd = (transport: SmsTransport) =>
      transport.name === 'file' ? inbox : transport.name === 'console' ? otherInbox : transport;
    const logged: string[] = [];
    const builder = Test.createTestingModule({ imports: [AppModule.with(settings)] })
      .overrideProvider(Clock)
      .useValue(clock)
      .overrideProvider(SmsTransports)
      .useFactory({
        factory: (log: Log) => ({ all: transportsOf(settings.sms, clock, log).map(farEnd) }),
        inject: [Log],
      })
      .overrideProvider(LOG_DESTINATION)
      .useValue({ write: (line: string) => logged.push(line) });
    const testing = await replaceMore(builder).compile();
    const app = testing.createNestApplication<NestFastifyApplication>(createAdapter(settings.client));
    prepare(app, settings);
    await app.listen(0, '127.0.0.1');
    return new TestApp(app, await app.getUrl(), clock, inbox, otherInbox, logged);
  }

  get dataSource(): DataSource {
    return this.app.get(DataSource);
  }

  async reset(): Promise<void> {
    await this.textsSent();
    const texts = await this.dataSource.getRepository(SmsMessage).find({ select: { phoneNumber: true } });
    await emptyTables(this.dataSource);
    await this.wakeTransports(texts.map(({ phoneNumber }) => phoneNumber));
    this.inbox.empty();
    this.otherInbox.empty();
  }

  /** One success each, and no number that must wait, so that nothing rests for what an earlier test did. */
  private async wakeTransports(numbers: string[]): Promise<void> {
    for (const inbox of [this.inbox, this.otherInbox]) {
      inbox.empty();
      const transport = this.app.get(SmsRouter).transport(inbox.name);
      if (transport === undefined) continue;
      const times = ['', ...numbers].map((to) => transport.availableAt(to).getTime());
      this.clock.advance(Math.max(0, ...times.map((time) => time - this.clock.now().getTime())) / 1000);
      await transport.send({ id: '', to: '', text: '', ttlSeconds: 1 });
    }
  }

  async textsSent(): Promise<void> {
    await this.app.get(SmsDispatcher).idle();
  }

  /** Another node's dispatcher on the same database, with transports of its own. */
  dispatcherTo(...transports: SmsTransport[]): SmsDispatcher {
    const log = this.app.get(Log);
    const routes = new Map([['*', transports.map(({ name }) => name)]] as const);
    const router = new SmsRouter({ all: transports }, { routes }, this.clock, log);
    const queue = new SmsQueue(this.app.get(TransactionRunner), router, this.clock, log);
    const [codes, wording] = [this.app.get(OtpTexts), this.app.get(Wording)];
    const settings = this.app.get(DispatchSettings);
    return new SmsDispatcher(queue, router, codes, wording, new SmsSignal(), log, settings);
  }

  stop(): Promise<void> {
    return this.app.close();
  }

  send(request: HttpRequest): Promise<HttpReply> {
    return send(this.url, request);
  }

  post(path: string, body: unknown, headers?: Record<string, string>): Promise<HttpReply> {
    return postJson(this.url, path, body, headers);
  }

  requestOtp(phoneNumber: string): Promise<HttpReply> {
    return this.post(requestOtpPath, { phone_number: phoneNumber });
  }

  verify(phoneNumber: string, otp: string): Promise<HttpReply> {
    return this.post(verifyPath, { phone_number: phoneNumber, otp });
  }

  /** Asks for a code and reads the text. */
  async obtainOtp(phoneNumber: string): Promise<string> {
    const reply = await this.requestOtp(phoneNumber);
    if (reply.status !== 200) throw new Error(`no code: ${reply.status} ${reply.text}`);
    return this.lastCode(phoneNumber);
  }

  async lastCode(phoneNumber: string): Promise<string> {
    await this.textsSent();
    return codeIn(this.inbox.to(phoneNumber).at(-1)?.text ?? '');
  }
}

/** Another code of the same form. */
export function otherThan(code: string): string {
  return String((Number(code) + 1) % 1_000_000).padStart(6, '0');
}

/** A client that no account knows, and that sends nothing of note. */
export const anybody = { networks: ['n0'], isNetworkKnown: false, standing: 'unknown', solved: true } as const;
