import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { challengePath, easyChallenges, solve, written } from '../../test/support/altcha';
import { unlimited } from '../../test/support/environment';
import { requestOtpPath, verifyPath } from '../../test/support/http-client';
import { TestApp } from '../../test/support/test-app';
import type { AltchaChallengeDto } from '../../src/challenge/dto/challenge.dto';
import type { CodeFormat } from '../../src/limit/number-limits';
import { Calls, type Reply } from './calls';
import { Comparisons } from './comparisons';

/** Who calls: an address, and the device token if the client keeps one. */
export interface Caller {
  address: string;
  deviceToken?: string;
  /** An access token. */
  access?: string;
}

/** What became of a request for a code. */
export type Asked =
  | { kind: 'sent'; format: CodeFormat; resendIn: number }
  /** Refused unless a challenge is solved. */
  | { kind: 'challenge' }
  /** Refused by that rule, for so many seconds. */
  | { kind: 'wait'; rule: string; seconds: number };

/** A sign-in. */
export interface SignedIn {
  kind: 'right';
  deviceToken: string;
  access: string;
}

/** What became of a guess. Only `wrong` was compared with a code, if there was one. */
export type Guessed = SignedIn | { kind: 'wrong' } | { kind: 'refused'; rule: string };

/** Limits as they are by default: without their variables, as `testEnvironment` switches them off. */
const usualLimits = {
  ...Object.fromEntries(Object.keys(unlimited).map((name) => [name, ''])),
  ...{ TRUSTED_PROXIES: '127.0.0.0/8', LOG_LEVEL: 'info' },
};

/** In memory, where the system has such files. */
const database = {
  name: 'SQLite',
  create: async () =>
    `sqlite:${join(mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'hodi-simulate-')), 'simulate.sqlite')}`,
};

const codeInText = /\b(?:\d{6}|[2-9BCDFGHJKLMNPQRSTVWXZ]{6})\b/;

const json = <Body>({ text }: Reply) => JSON.parse(text) as Body;

/** The real service, called over its routes; its clock, and what arrives at phones, are the simulation's. */
export class World {
  /** Challenges solved. */
  solved = 0;
  texts = 0;
  readonly comparisons: Comparisons;
  private readonly codes = new Map<string, string>();
  private readonly calls: Calls;
  private now = 0;

  private constructor(private readonly service: TestApp) {
    this.comparisons = new Comparisons(service.app);
    this.calls = new Calls(service.url);
  }

  static async start(env: NodeJS.ProcessEnv = {}): Promise<World> {
    const service = await TestApp.start(database, { ...usualLimits, ...env }, easyChallenges);
    await service.dataSource.query('PRAGMA synchronous = OFF');
    return new World(service);
  }

  stop(): Promise<void> {
    this.calls.close();
    return this.service.stop();
  }

  /** The rules of alarms that were raised since the last call, each with the place that it is about; empties the log. */
  alarmsRaised(): string[] {
    const lines = this.service.logged.splice(0).filter((line) => line.includes('"alarm raised"'));
    return lines.map((line) => {
      const { rule, place = '' } = JSON.parse(line) as { rule: string; place?: string };
      return place === '' ? rule : `${rule} ${place}`;
    });
  }

  /** @param time milliseconds since the start */
  at(time: number): void {
    this.service.clock.advance((time - this.now) / 1000);
    this.now = time;
  }

  /** @returns milliseconds since the start */
  get time(): number {
    return this.now;
  }

  /** The code in the last text to a number; it may have ended. */
  codeAt(phoneNumber: string): string | undefined {
    return this.codes.get(phoneNumber);
  }

  async ask(phoneNumber: string, caller: Caller, captcha?: string, path = requestOtpPath): Promise<Asked> {
    const reply = await this.post(path, { phone_number: phoneNumber, captcha_token: captcha }, caller);
    if (reply.status === 200) {
      await this.collectTexts();
      const { code_format: format, resend_in: resendIn } = json<{ code_format: CodeFormat; resend_in: number }>(reply);
      return { kind: 'sent', format, resendIn };
    }
    const { code } = json<{ code: string }>(reply);
    if (code === 'challenge_required') return { kind: 'challenge' };
    if (reply.status !== 429) throw new Error(`asking failed: ${reply.status} ${reply.text}`);
    return { kind: 'wait', rule: code, seconds: Number(reply.headers['retry-after']) };
  }

  /** As `ask`, with a solved challenge where one is demanded. */
  async askAnyway(phoneNumber: string, caller: Caller, path?: string): Promise<Asked> {
    const asked = await this.ask(phoneNumber, caller, undefined, path);
    return asked.kind === 'challenge' ? this.ask(phoneNumber, caller, await this.solve(caller), path) : asked;
  }

  async guess(phoneNumber: string, otp: string, caller: Caller, path = verifyPath): Promise<Guessed> {
    const reply = await this.post(path, { phone_number: phoneNumber, otp }, caller);
    if (reply.status === 200) {
      const deviceToken = String(reply.headers['x-device-token']);
      return { kind: 'right', deviceToken, access: json<{ access: string }>(reply).access };
    }
    const { code } = json<{ code: string }>(reply);
    if (code === 'invalid_otp') return { kind: 'wrong' };
    if (reply.status !== 429) throw new Error(`a guess failed: ${reply.status} ${reply.text}`);
    return { kind: 'refused', rule: code };
  }

  private async solve({ address }: Caller): Promise<string> {
    const offered = await this.calls.send('GET', challengePath, { 'x-forwarded-for': address });
    this.solved += 1;
    return written(await solve(json<AltchaChallengeDto>(offered)));
  }

  private post(path: string, body: object, { address, deviceToken, access }: Caller) {
    const headers = {
      ...{ accept: 'application/problem+json, application/json', 'x-forwarded-for': address },
      ...(deviceToken === undefined ? {} : { 'x-device-token': deviceToken }),
      ...(access === undefined ? {} : { authorization: `Bearer ${access}` }),
    };
    return this.calls.send('POST', path, headers, body);
  }

  private async collectTexts(): Promise<void> {
    await this.service.textsSent();
    const { inbox } = this.service;
    for (const { to, text } of inbox.texts) {
      const [code] = codeInText.exec(text) ?? [];
      if (code !== undefined) this.codes.set(to, code);
    }
    this.texts += inbox.texts.length;
    inbox.empty();
  }
}
