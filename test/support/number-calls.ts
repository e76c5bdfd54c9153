import type { AltchaChallengeDto } from '../../src/challenge/dto/challenge.dto';
import { NumberLimitRepository } from '../../src/limit/number-limit.repository';
import type { NumberHistory } from '../../src/limit/number-history';
import { parseLanes, type Lanes } from '../../src/otp/lanes';
import { OtpChallenge, type OtpPurpose } from '../../src/otp/otp-challenge.entity';
import { OtpCodes } from '../../src/otp/otp-codes';
import { SmsMessage } from '../../src/sms/sms-message.entity';
import { TransactionRunner } from '../../src/transaction/transaction-runner';
import { challengePath, easyChallenges, solve, written } from './altcha';
import type { TestDatabase } from './databases';
import { postJson, requestOtpPath, send, verifyPath, type HttpReply } from './http-client';
import { TestApp } from './test-app';

/** The limits of numbers as they are by default, and callers whose addresses a proxy tells. */
export const limitedByNumber = {
  TRUSTED_PROXIES: '127.0.0.0/8',
  OTP_TEXTS_PER_HOUR: '5',
  OTP_TEXTS_PER_DAY: '10',
  OTP_WRONG_PER_DAY: '10',
  OTP_WRONG_PER_MONTH: '30',
};

/** A client: where it calls from, and the device token that it was given. */
export interface Caller {
  address: string;
  deviceToken?: string;
}

/** Addresses of a test, each in a network of its own. */
export const addressOf = (index: number) => `198.51.${100 + (index >> 8)}.${index & 255}`;

export const headersOf = ({ address, deviceToken }: Caller): Record<string, string> => ({
  'X-Forwarded-For': address,
  ...(deviceToken !== undefined && { 'X-Device-Token': deviceToken }),
});

export const askFrom = (url: string, caller: Caller, phone_number: string, captcha_token?: string) =>
  postJson(url, requestOtpPath, { phone_number, captcha_token }, headersOf(caller));

export const guessFrom = (url: string, caller: Caller, phone_number: string, otp: string, key?: string) =>
  postJson(url, verifyPath, { phone_number, otp }, { ...headersOf(caller), ...(key && { 'Idempotency-Key': key }) });

/** A solved challenge, for `captcha_token`. */
export async function solutionFor(url: string): Promise<string> {
  const { text } = await send(url, { method: 'GET', path: challengePath });
  return written(await solve(JSON.parse(text) as AltchaChallengeDto));
}

/** Another code of the same form. */
export const wrongFor = (code: string) => `${code.startsWith('2') ? '3' : '2'}${code.slice(1)}`;

export const deviceTokenIn = ({ headers }: HttpReply) => headers['x-device-token'] ?? '';

/** One service on one database: two nodes whose clocks go alike, or one where a second one is not possible. */
export class LimitedService {
  private constructor(
    public nodes: TestApp[],
    private readonly restartNodes: () => Promise<TestApp[]>,
  ) {}

  static async start(database: TestDatabase, env: NodeJS.ProcessEnv = {}): Promise<LimitedService> {
    const url = await database.create();
    const shared = { name: database.name, create: async () => url };
    const start = () => TestApp.start(shared, { ...limitedByNumber, ...env }, easyChallenges);
    const startAll = async () => {
      const first = await start();
      return database.name === 'SQLite' ? [first] : [first, await start()];
    };
    return new LimitedService(await startAll(), startAll);
  }

  get first(): TestApp {
    return this.nodes[0]!;
  }

  /** In turn. */
  url(index = 0): string {
    return this.nodes[index % this.nodes.length]!.url;
  }

  advance(seconds: number): void {
    for (const { clock } of this.nodes) clock.advance(seconds);
  }

  async reset(): Promise<void> {
    for (const node of this.nodes) await node.textsSent();
    await this.first.reset();
    for (const { clock } of this.nodes) clock.set((this.first.clock.now().getTime() - clock.now().getTime()) / 1000);
  }

  async restart(): Promise<void> {
    const now = this.first.clock.now().getTime();
    await this.stop();
    this.nodes = await this.restartNodes();
    for (const { clock } of this.nodes) clock.set((now - clock.now().getTime()) / 1000);
  }

  stop(): Promise<unknown> {
    return Promise.all(this.nodes.map((node) => node.stop()));
  }

  /** @returns how many texts were left in the outbox for a number */
  texts(phoneNumber: string): Promise<number> {
    return this.first.dataSource.getRepository(SmsMessage).countBy({ phoneNumber });
  }

  challenge(phoneNumber: string, purpose: OtpPurpose = 'sign-in'): Promise<OtpChallenge> {
    return this.first.dataSource.getRepository(OtpChallenge).findOneByOrFail({ phoneNumber, purpose });
  }

  /** The code of the number's challenge, as its text has it. */
  async code(phoneNumber: string, purpose: OtpPurpose = 'sign-in'): Promise<string> {
    return this.first.app.get(OtpCodes).of(await this.challenge(phoneNumber, purpose))!;
  }

  async lanes(phoneNumber: string, purpose: OtpPurpose = 'sign-in'): Promise<Lanes> {
    return parseLanes((await this.challenge(phoneNumber, purpose)).lanes);
  }

  history(phoneNumber: string): Promise<NumberHistory> {
    const numbers = this.first.app.get(NumberLimitRepository);
    return this.first.app.get(TransactionRunner).run((transaction) => numbers.read(transaction, phoneNumber));
  }

  /** @returns how many wrong guesses at six-digit codes are counted for the number */
  async wrong(phoneNumber: string): Promise<number> {
    return (await this.history(phoneNumber)).wrong.reduce((sum, [, count]) => sum + count, 0);
  }

  ask(caller: Caller, phoneNumber: string, captchaToken?: string): Promise<HttpReply> {
    return askFrom(this.url(), caller, phoneNumber, captchaToken);
  }

  async askSolved(caller: Caller, phoneNumber: string): Promise<HttpReply> {
    return askFrom(this.url(), caller, phoneNumber, await solutionFor(this.url()));
  }

  guess(caller: Caller, phoneNumber: string, otp: string): Promise<HttpReply> {
    return guessFrom(this.url(), caller, phoneNumber, otp);
  }

  async guessWrong(count: number, caller: Caller, phoneNumber: string): Promise<void> {
    const wrong = wrongFor(await this.code(phoneNumber));
    for (let made = 0; made < count; made += 1) await guessFrom(this.url(made), caller, phoneNumber, wrong);
  }

  /** @returns the caller with the token of its device */
  async signIn(caller: Caller, phoneNumber: string): Promise<Caller & { access: string; refresh: string }> {
    const asked = await this.askSolved(caller, phoneNumber);
    if (asked.status !== 200) throw new Error(`no code: ${asked.status} ${asked.text}`);
    const reply = await this.guess(caller, phoneNumber, await this.code(phoneNumber));
    if (reply.status !== 200) throw new Error(`no sign-in: ${reply.status} ${reply.text}`);
    const pair = JSON.parse(reply.text) as { access: string; refresh: string };
    return { ...caller, ...pair, deviceToken: deviceTokenIn(reply) };
  }
}
