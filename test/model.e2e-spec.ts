import * as fc from 'fast-check';
import { In, IsNull, MoreThan } from 'typeorm';
import { Session } from '../src/session/session.entity';
import { sqlite } from './support/databases';
import type { HttpReply } from './support/http-client';
import { otherThan, TestApp } from './support/test-app';

const day = 86_400;

interface Code {
  text: string;
  guesses: number;
  used: boolean;
  expiresAt: number;
  /** When the code ends that it replaced: who is known can use that one, too, so a guess is compared with both. */
  formerExpiresAt?: number;
}

interface ModelSession {
  /** All that it ever had, the current one last. */
  refresh: { text: string; expiresAt: number }[];
  access: { text: string; expiresAt: number };
  createdAt: number;
  closed: boolean;
}

/** What the contract says of one phone number on one node. Times are seconds since the start of a run. */
class Model {
  now = 0;
  code?: Code;
  member = false;
  /** When texts were sent, and how many of them when the number signed in last. */
  readonly texts: number[] = [];
  textsAtSignIn = 0;
  /** The day of the account's last sign-in: all are from one network. */
  knownDay = -Infinity;
  readonly sessions: ModelSession[] = [];

  /** @param startedAt milliseconds since 1970 */
  constructor(
    readonly phone: string,
    readonly startedAt: number,
  ) {}

  get isCodeLive(): boolean {
    return this.code !== undefined && !this.isOver(this.code) && this.code.guesses < 5;
  }

  get isCodeKept(): boolean {
    return this.isCodeLive && this.code!.expiresAt - this.now >= 30;
  }

  mayRequest(): boolean {
    return this.now >= (this.textsOfDay(0).at(-1) ?? -Infinity) + this.gap;
  }

  /** Grows with the texts of 24 hours that no sign-in followed. */
  get gap(): number {
    return [60, 60, 120][this.textsOfDay(this.textsAtSignIn).length] ?? 300;
  }

  request(text: string): void {
    const { isCodeLive, isCodeKept, code, now } = this;
    this.texts.push(now);
    if (isCodeKept) return;
    const former = code && !this.isOver(code) ? code.expiresAt : undefined;
    const guesses = isCodeLive ? code!.guesses : 0;
    this.code = { text, guesses, used: false, expiresAt: now + 300, formerExpiresAt: former };
  }

  /** @returns whether the code is taken */
  guess(right: boolean): boolean {
    if (!this.isCodeLive) return false;
    const { guesses, formerExpiresAt = -Infinity } = this.code!;
    const isComparedTwice = this.isNetworkKnown && this.now < formerExpiresAt && guesses <= 3;
    this.code!.guesses += isComparedTwice ? 2 : 1;
    this.code!.used = right;
    return right;
  }

  open(access: string, refresh: string): void {
    const { now } = this;
    const session = { refresh: [], access: { text: '', expiresAt: 0 }, createdAt: now, closed: false };
    this.renew(session, access, refresh);
    this.sessions.push(session);
    this.member = true;
    this.textsAtSignIn = this.texts.length;
    this.knownDay = this.today;
  }

  renew(session: ModelSession, access: string, refresh: string): void {
    session.refresh.push({ text: refresh, expiresAt: Math.min(this.now + 30 * day, session.createdAt + 90 * day) });
    this.renewAccess(session, access);
  }

  renewAccess(session: ModelSession, access: string): void {
    session.access = { text: access, expiresAt: this.now + 600 };
  }

  isLive({ closed, refresh }: ModelSession): boolean {
    return !closed && this.now < refresh.at(-1)!.expiresAt;
  }

  isAccessLive(session: ModelSession): boolean {
    return this.isLive(session) && this.now < session.access.expiresAt;
  }

  /** @param age 0 for the current token, 1 for the one before */
  refreshMeans(session: ModelSession, age: number): 'nothing' | 'rotation' | 'repetition' | 'theft' {
    if (!this.isLive(session) || this.now >= session.refresh.at(-1 - age)!.expiresAt) return 'nothing';
    return (['rotation', 'repetition'] as const)[age] ?? 'theft';
  }

  isFresh({ createdAt }: ModelSession): boolean {
    return this.now <= createdAt + 600;
  }

  leave(): void {
    this.member = false;
    this.code = undefined;
    this.sessions.forEach((session) => (session.closed = true));
  }

  private get today(): number {
    return Math.floor((this.startedAt / 1000 + this.now) / day);
  }

  private get isNetworkKnown(): boolean {
    return this.member && this.today < this.knownDay + 90;
  }

  private textsOfDay(first: number): number[] {
    return this.texts.slice(first).filter((at) => at > this.now - day);
  }

  private isOver({ used, expiresAt }: Code): boolean {
    return used || this.now >= expiresAt;
  }
}

type Command = fc.AsyncCommand<Model, TestApp>;

const command = (name: string, run: Command['run'], check: (model: Model) => boolean = () => true): Command => ({
  run,
  check,
  toString: () => name,
});

/** A command on one of the sessions there are. */
const onSession = (name: string, run: (model: Model, test: TestApp, session: ModelSession) => Promise<void>, age = 0) =>
  fc.nat({ max: 2 }).map((index) => {
    const pick = ({ sessions }: Model) => sessions.at(-1 - (index % Math.max(1, sessions.length)));
    return command(
      `${name} of session -${index + 1}`,
      (model, test) => run(model, test, pick(model)!),
      (model) => (pick(model)?.refresh.length ?? 0) > age,
    );
  });

const ages = ['current', 'previous', 'older'];
const bodyOf = ({ text }: HttpReply) =>
  JSON.parse(text) as Record<string, unknown> & Record<'access' | 'refresh', string>;
const token = (test: TestApp, action: string, body: object) => test.post(`/api/account/token/${action}/`, body);
const bearer = (test: TestApp, method: string, path: string, { access }: ModelSession) =>
  test.send({ method, path: `/api/account/${path}/`, headers: { Authorization: `Bearer ${access.text}` } });

function expectStatus({ status, text }: HttpReply, wanted: number): void {
  expect({ status, text: status === wanted ? '' : text }).toEqual({ status: wanted, text: '' });
}

const requestCode = command('request code', async (model, test) => {
  const reply = await test.requestOtp(model.phone);
  if (!model.mayRequest()) return expectStatus(reply, 429);
  expectStatus(reply, 200);
  const text = await test.lastCode(model.phone);
  if (model.isCodeKept) expect(text).toBe(model.code!.text);
  model.request(text);
  expect(bodyOf(reply)).toMatchObject({ expires_in: model.code!.expiresAt - model.now, resend_in: model.gap });
});

const verify = (right: boolean) =>
  command(right ? 'verify right' : 'verify wrong', async (model, test) => {
    const code = model.code?.text ?? '000000';
    const reply = await test.verify(model.phone, right ? code : otherThan(code));
    if (!model.guess(right)) return expectStatus(reply, 400);
    expectStatus(reply, 200);
    const { access, refresh, new_member } = bodyOf(reply);
    expect(new_member).toBe(!model.member);
    model.open(access, refresh);
  });

const guessWrong = fc.constantFrom(1, 4, 5).map((count) =>
  command(`verify wrong, ${count} times`, async (model, test) => {
    for (let guess = 0; guess < count; guess += 1) await verify(false).run(model, test);
  }),
);

const signIn = command('sign in', async (model, test) => {
  await requestCode.run(model, test);
  await verify(true).run(model, test);
});

const renew = (age: number) => async (model: Model, test: TestApp, session: ModelSession) => {
  const current = session.refresh.at(-1)!.text;
  const reply = await token(test, 'refresh', { refresh: session.refresh.at(-1 - age)!.text });
  const meaning = model.refreshMeans(session, age);
  if (meaning === 'theft') session.closed = true;
  if (meaning === 'theft' || meaning === 'nothing') return expectStatus(reply, 401);
  expectStatus(reply, 200);
  const { access, refresh: successor } = bodyOf(reply);
  expect(successor === current).toBe(meaning === 'repetition');
  if (meaning === 'rotation') model.renew(session, access, successor);
  else model.renewAccess(session, access);
};

const refresh = (age: number) => onSession(`refresh with ${ages[age]}`, renew(age), age);

const verifyRefresh = (age: number) =>
  onSession(
    `verify token: ${ages[age]} refresh`,
    async (model, test, session) => {
      const usable = ['rotation', 'repetition'].includes(model.refreshMeans(session, age));
      expectStatus(await token(test, 'verify', { token: session.refresh.at(-1 - age)!.text }), usable ? 200 : 401);
    },
    age,
  );

const verifyAccess = onSession('verify token: access', async (model, test, session) => {
  const reply = await token(test, 'verify', { token: session.access.text });
  expectStatus(reply, model.isAccessLive(session) ? 200 : 401);
});

const blacklist = (age: number) =>
  onSession(
    `blacklist ${ages[age]}`,
    async (_model, test, session) => {
      expectStatus(await token(test, 'blacklist', { refresh: session.refresh.at(-1 - age)!.text }), 200);
      session.closed = true;
    },
    age,
  );

const wrongType = onSession('access for refresh', async (_model, test, session) => {
  for (const action of ['refresh', 'blacklist'])
    expectStatus(await token(test, action, { refresh: session.access.text }), 401);
});

const countSessions = onSession('count sessions', async (model, test, session) => {
  const reply = await bearer(test, 'GET', 'sessions', session);
  if (!model.isAccessLive(session)) return expectStatus(reply, 401);
  expectStatus(reply, 200);
  expect(JSON.parse(reply.text)).toHaveLength(model.sessions.filter((it) => model.isLive(it)).length);
});

const leave = async (model: Model, test: TestApp, session: ModelSession) => {
  const reply = await bearer(test, 'DELETE', 'me', session);
  if (!model.isAccessLive(session)) return expectStatus(reply, 401);
  if (!model.isFresh(session)) return expectStatus(reply, 403);
  expectStatus(reply, 204);
  model.leave();
};

const deleteAccount = onSession('delete account', leave);

/** The access token is new, the sign-in is not. */
const refreshAndDelete = onSession('refresh and delete account', async (model, test, session) => {
  await renew(0)(model, test, session);
  await leave(model, test, session);
});

const forward = fc.constantFrom(1, 5, 10, 11, 61, 301, day, 31 * day).map((seconds) =>
  command(`clock +${seconds} s`, async (model, test) => {
    test.clock.advance(seconds);
    model.now += seconds;
  }),
);

const weigh = (weight: number, ...commands: fc.Arbitrary<Command>[]) =>
  commands.map((arbitrary) => ({ weight, arbitrary }));

const anyCommand = fc.oneof(
  ...weigh(5, refresh(0), forward),
  ...weigh(4, fc.constant(signIn)),
  ...weigh(2, fc.constantFrom(requestCode, verify(true)), guessWrong),
  ...weigh(3, refresh(1)),
  ...weigh(2, refresh(2), countSessions),
  ...weigh(1, ...[0, 1, 2].flatMap((age) => [verifyRefresh(age), blacklist(age)])),
  ...weigh(1, verifyAccess, wrongType, deleteAccount, refreshAndDelete),
);

describe('one phone number, whatever is done in whatever order', () => {
  let test: TestApp;
  beforeAll(async () => void (test = await TestApp.start(sqlite)));
  afterAll(() => test.stop());

  let made = 0;

  async function liveSessions({ sessions }: Model): Promise<string[]> {
    const ids = sessions.map(({ access }) => sidOf(access.text));
    const live = { id: In(ids), revokedAt: IsNull(), expiresAt: MoreThan(test.clock.now()) };
    return (await test.dataSource.getRepository(Session).findBy(live)).map(({ id }) => id).sort();
  }

  it('answers as a model of the contract does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.commands([anyCommand], { maxCommands: 12, size: 'max' }), async (commands) => {
        // Each run has a number of its own, so that nothing has to be emptied in between.
        test.inbox.texts.length = 0;
        const phone = `+255679${String((made += 1)).padStart(6, '0')}`;
        const model = new Model(phone, test.clock.now().getTime());
        await fc.asyncModelRun(() => ({ model, real: test }), commands);
        const live = model.sessions.filter((session) => model.isLive(session));
        expect(await liveSessions(model)).toEqual(live.map(({ access }) => sidOf(access.text)).sort());
      }),
      { numRuns: 2_000 },
    );
  }, 300_000);
});

function sidOf(jwt: string): string {
  return (JSON.parse(Buffer.from(jwt.split('.')[1]!, 'base64url').toString()) as { sid: string }).sid;
}
