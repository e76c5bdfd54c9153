import { setImmediate } from 'node:timers/promises';
import { Not, type Repository } from 'typeorm';
import { OtpChallenge } from '../src/otp/otp-challenge.entity';
import { OtpService } from '../src/otp/otp.service';
import { SmsDispatcher } from '../src/dispatch/sms-dispatcher';
import { SmsMessage } from '../src/sms/sms-message.entity';
import { Log } from '../src/log/log';
import { SmsRouter } from '../src/sms/sms-router';
import { SmsPlaces } from '../src/sms/sms-places';
import { SmsQueue, type ClaimedSms } from '../src/sms/sms-queue';
import { SmsNotTaken } from '../src/sms/sms-transport';
import { TransactionRunner } from '../src/transaction/transaction-runner';
import { ServiceUnavailable } from '../src/error/refusal';
import { priority } from '../src/sms/sms-priority';
import { databases } from './support/databases';
import { Inbox } from './support/inbox';
import { anybody, TestApp } from './support/test-app';

const phone = '+255679190720';

describe.each(databases)('dispatchers on $name', (database) => {
  let test: TestApp;
  let messages: Repository<SmsMessage>;
  let slow: SmsDispatcher;

  beforeAll(async () => {
    test = await TestApp.start(database, { SMS_IN_FLIGHT: '8' });
    messages = test.dataSource.getRepository(SmsMessage);
  });
  beforeEach(() => test.reset());
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => test.stop());

  const in8Seconds = () => new Date(test.clock.now().getTime() + 8_000);

  /** Leaves a text that only dispatchers of the test will take. */
  async function queue(): Promise<void> {
    jest.spyOn(test.app.get(SmsDispatcher), 'wake').mockReturnValue();
    await test.requestOtp(phone);
  }

  /** A transport that has a text until it is told what to do with it. */
  function held() {
    let end!: (fault?: Error) => void;
    let enter!: () => void;
    const begun = new Promise<void>((resolve) => (enter = resolve));
    const send = () =>
      new Promise<void>((resolve, reject) => {
        end = (fault) => (fault ? reject(fault) : resolve());
        enter();
      });
    return { transport: { name: 'console', send } as const, begun, end: (fault?: Error) => end(fault) };
  }

  const claim = async () => (await test.app.get(SmsQueue).claim(SmsPlaces.of(1))).claimed[0]!;

  /** A node's that has claimed nothing so far. */
  const newQueue = () =>
    new SmsQueue(test.app.get(TransactionRunner), test.app.get(SmsRouter), test.clock, test.app.get(Log));

  /** What a dispatcher has heard of its text, at last. */
  const record = (how: string, message: ClaimedSms) =>
    how === 'taken'
      ? test.app.get(SmsQueue).recordSent(message, 'late')
      : test.app.get(SmsQueue).recordNotTaken(message, SmsNotTaken.refused(), 300);

  it.each<[string, Partial<OtpChallenge>]>([
    ['was used', { consumedAt: new Date(0) }],
    ['was replaced', { id: 'another' }],
  ])('does not send a code that %s', async (_what, change) => {
    test.inbox.refusing = true;
    await test.requestOtp(phone);
    await test.textsSent();
    test.inbox.refusing = false;
    await test.dataSource.getRepository(OtpChallenge).update({ phoneNumber: phone }, change);
    test.clock.advance(2);
    await test.textsSent();
    expect(test.inbox.texts).toEqual([]);
    expect(await messages.find()).toMatchObject([{ state: 'expired', reason: 'out_of_order' }]);
  });

  it('gives a text that was left behind to one of ten dispatchers', async () => {
    await test.obtainOtp(phone);
    await messages.update({ phoneNumber: phone }, { state: 'sending', dueAt: in8Seconds(), finishedAt: null });
    test.clock.advance(7.9);
    await test.textsSent();
    expect(test.inbox.texts).toHaveLength(1);
    test.clock.advance(0.1);
    const inboxes = Array.from({ length: 10 }, () => new Inbox());
    await Promise.all(inboxes.map((inbox) => test.dispatcherTo(inbox).idle()));
    expect(inboxes.flatMap(({ texts }) => texts)).toHaveLength(1);
  });

  it.each(['taken', 'refused'])('lets a dispatcher whose time ran out change nothing: text %s late', async (how) => {
    await queue();
    const late = await claim();
    test.clock.advance(8);
    const inbox = new Inbox('console');
    await test.dispatcherTo(inbox).idle();
    await record(how, late);
    expect(await messages.find()).toMatchObject([
      { state: 'sent', providerId: 'console-1', attempts: 2, refusedBy: '' },
    ]);
    expect(inbox.texts).toHaveLength(1);
  });

  it.each(['taken', 'refused'])('keeps what another has by now from one that is late: text %s', async (how) => {
    await queue();
    const late = await claim();
    test.clock.advance(8);
    const other = await claim();
    await record(how, late);
    expect(await messages.find()).toMatchObject([
      { state: 'sending', attempts: 2, refusedBy: '', dueAt: in8Seconds() },
    ]);
    await record('taken', other);
    expect(await messages.find()).toMatchObject([{ state: 'sent', attempts: 2 }]);
  });

  it('has a text for 8 seconds', async () => {
    await queue();
    await claim();
    expect(await messages.find()).toMatchObject([{ state: 'sending', transport: 'file', dueAt: in8Seconds() }]);
    test.clock.advance(7.999);
    expect(await claim()).toBeUndefined();
    test.clock.advance(0.001);
    expect(await claim()).toMatchObject({ attempts: 2 });
  });

  it.each(['ATé', 'a b', 'x'.repeat(129), ''])(
    'records a text as sent whose id at the provider is no id: %j',
    async (id) => {
      await queue();
      const inbox = new Inbox('console');
      jest.spyOn(inbox, 'send').mockResolvedValue(id);
      await test.dispatcherTo(inbox).idle();
      expect(await messages.find()).toMatchObject([{ state: 'sent', providerId: null }]);
    },
  );

  it('has no more texts with providers than it may, and goes on when one of them is done', async () => {
    jest.spyOn(test.app.get(SmsDispatcher), 'wake').mockReturnValue();
    for (let number = 100; number < 110; number++) await test.requestOtp(`+255754000${number}`);
    let end!: () => void;
    const ended = new Promise<string>((resolve) => (end = () => resolve('id')));
    const inbox = new Inbox('console');
    const send = jest.spyOn(inbox, 'send').mockImplementation(() => ended);
    const dispatcher = test.dispatcherTo(inbox);
    const all = dispatcher.idle();
    while (send.mock.calls.length < 8) await setImmediate();
    dispatcher.wake();
    for (let turn = 0; turn < 50; turn++) await setImmediate();
    expect([send.mock.calls.length, await messages.countBy({ state: 'queued' })]).toEqual([8, 2]);
    end();
    await all;
    expect(await messages.countBy({ state: 'sent' })).toBe(10);
  });

  it('gives a text to the next transport as soon as a slow one has refused it', async () => {
    await queue();
    const slow = held();
    const next = new Inbox('file');
    const dispatcher = test.dispatcherTo(slow.transport, next);
    dispatcher.wake();
    await slow.begun;
    // By now it looks for nothing any more: somebody must tell it.
    for (let turn = 0; turn < 50; turn++) await setImmediate();
    slow.end(SmsNotTaken.refused());
    expect(await next.received(phone)).toMatchObject({ to: phone });
    await dispatcher.beforeApplicationShutdown();
  });

  it('takes up no text any more when it was told to stop', async () => {
    jest.spyOn(test.app.get(SmsDispatcher), 'wake').mockReturnValue();
    for (let number = 100; number < 125; number++) await test.requestOtp(`+255754000${number}`);
    const inbox = new Inbox('console');
    const dispatcher = test.dispatcherTo(inbox);
    const stopped = new Promise<void>((resolve) => {
      jest.spyOn(inbox, 'send').mockImplementation(async () => {
        resolve(dispatcher.beforeApplicationShutdown());
        return 'id';
      });
    });
    dispatcher.wake();
    await stopped;
    // Those that it had taken together with the first are sent, and no others.
    expect(await messages.countBy({ state: 'queued' })).toBeGreaterThanOrEqual(9);
    expect(await messages.countBy({ state: 'sending' })).toBe(0);
  });

  it('keeps each text’s own id of its provider, where many are recorded together', async () => {
    jest.spyOn(test.app.get(SmsDispatcher), 'wake').mockReturnValue();
    for (let number = 100; number < 103; number++) await test.requestOtp(`+255754000${number}`);
    const { claimed } = await test.app.get(SmsQueue).claim(SmsPlaces.of(8));
    const [one, lost, other] = claimed as [ClaimedSms, ClaimedSms, ClaimedSms];
    await messages.update({ id: lost.id }, { attempts: 2 });
    const queue = test.app.get(SmsQueue);
    // The first begins a transaction; the others share the next one.
    await Promise.all([
      queue.recordSent(one, 'id-one'),
      queue.recordSent(lost, 'id-lost'),
      queue.recordSent(other, undefined),
    ]);
    expect(await messages.find({ order: { phoneNumber: 'ASC' } })).toMatchObject([
      { state: 'sent', providerId: 'id-one', sends: 1 },
      { state: 'sending', providerId: null, sends: 0, attempts: 2 },
      { state: 'sent', providerId: null, sends: 1 },
    ]);
  });

  it('records a text after all, when the database does not answer at first', async () => {
    await queue();
    const message = await claim();
    const run = jest.spyOn(test.app.get(TransactionRunner), 'run').mockRejectedValueOnce(new ServiceUnavailable());
    await record('taken', message);
    expect(run).toHaveBeenCalledTimes(2);
    expect(await messages.find()).toMatchObject([{ state: 'sent', attempts: 1 }]);
  });

  describe('with a flood of one prefix', () => {
    const flood = async (count: number) => {
      jest.spyOn(test.app.get(SmsDispatcher), 'wake').mockReturnValue();
      for (let number = 100; number < 100 + count; number++) await test.requestOtp(`+255754000${number}`);
    };

    it('lets a text of another prefix go first', async () => {
      await flood(30);
      await test.requestOtp(phone);
      const { claimed } = await newQueue().claim(SmsPlaces.of(15));
      expect(claimed.map(({ phoneNumber }) => phoneNumber)).toContain(phone);
    });

    it('has places for others, though a provider is slow with all texts of the flood', async () => {
      await flood(30);
      await messages.update({ phoneNumber: Not(phone) }, { priority: priority.busyPrefix });
      const slow = new Inbox('console');
      const send = jest
        .spyOn(slow, 'send')
        .mockImplementation(({ to }) => (to === phone ? Promise.resolve('id') : held));
      let letGo!: () => void;
      const held = new Promise<string>((resolve) => (letGo = () => resolve('late')));
      const dispatcher = test.dispatcherTo(slow);
      dispatcher.wake();
      while (send.mock.calls.length < 6) await setImmediate();
      await test.requestOtp(phone);
      dispatcher.wake();
      while ((await messages.countBy({ phoneNumber: phone, state: 'sent' })) === 0) await setImmediate();
      expect(send).toHaveBeenCalledTimes(7);
      letGo();
      await dispatcher.idle();
      expect(await messages.countBy({ state: 'sent' })).toBe(31);
    });
  });

  it('lets new texts go before one that was tried, which goes at every fourth turn', async () => {
    test.inbox.refusing = true;
    await test.requestOtp(phone);
    await test.textsSent();
    jest.spyOn(test.app.get(SmsDispatcher), 'wake').mockReturnValue();
    test.clock.advance(3);
    for (const number of [100, 101, 102, 103]) await test.requestOtp(`+255754000${number}`);
    const queue = newQueue();
    const claimed: string[] = [];
    for (let turn = 0; turn < 5; turn++)
      claimed.push(...(await queue.claim(SmsPlaces.of(1))).claimed.map(({ phoneNumber }) => phoneNumber));
    expect(claimed).toHaveLength(5);
    expect(claimed.indexOf(phone)).toBe(3);
  });

  it('takes up what has been due the longest first', async () => {
    jest.spyOn(test.app.get(SmsDispatcher), 'wake').mockReturnValue();
    for (const [number, seconds] of [
      [100, 3],
      [101, 1],
      [102, 2],
    ]) {
      await test.requestOtp(`+255754000${number}`);
      const dueAt = new Date(test.clock.now().getTime() - 10_000 + seconds! * 1000);
      await messages.update({ phoneNumber: `+255754000${number}` }, { dueAt });
    }
    const inbox = new Inbox('console');
    await test.dispatcherTo(inbox).idle();
    expect(inbox.texts.map(({ to }) => to)).toEqual(['+255754000101', '+255754000102', '+255754000100']);
  });

  it('waits twice as long after each try', async () => {
    test.inbox.refusing = true;
    await test.requestOtp(phone);
    for (const wait of [2, 4, 8, 16, 32]) {
      await test.textsSent();
      const [message] = await messages.find();
      expect(message!.dueAt!.getTime() - test.clock.now().getTime()).toBe(wait * 1000);
      test.clock.advance(wait);
    }
  });

  it('looks for texts by itself once a second', async () => {
    test.inbox.refusing = true;
    await test.requestOtp(phone);
    await test.textsSent();
    test.inbox.refusing = false;
    test.clock.advance(2);
    const sent = new Promise<void>((resolve) => {
      jest.spyOn(test.inbox, 'send').mockImplementation(async () => (resolve(), 'id'));
    });
    await sent;
    await test.textsSent();
  }, 15_000);

  it('goes on at once where more texts are due than it takes at a time', async () => {
    const wake = jest.spyOn(test.app.get(SmsDispatcher), 'wake').mockReturnValue();
    for (let number = 100; number < 145; number++) await test.requestOtp(`+255754000${number}`);
    await test.dispatcherTo(test.inbox).idle();
    wake.mockRestore();
    expect(test.inbox.texts).toHaveLength(45);
  });

  it('lets a text that is being sent finish before it stops', async () => {
    await test.obtainOtp(phone);
    await messages.update({ phoneNumber: phone }, { state: 'queued', dueAt: new Date(0) });
    let end!: () => void;
    const begun = new Promise<void>((entered) => {
      const send = () => new Promise<void>((resolve) => ((end = resolve), entered()));
      slow = test.dispatcherTo({ name: 'console', send });
      slow.wake();
    });
    await begun;
    let stopped = false;
    const stopping = slow.beforeApplicationShutdown().then(() => (stopped = true));
    await setImmediate();
    expect(stopped).toBe(false);
    end();
    await stopping;
    expect(await messages.find()).toMatchObject([{ state: 'sent', transport: 'console' }]);
  });

  it('wakes the dispatcher only after the commit', async () => {
    const wake = jest.spyOn(test.app.get(SmsDispatcher), 'wake');
    await test.app.get(TransactionRunner).run(async (transaction) => {
      wake.mockClear();
      await test.app
        .get(OtpService)
        .request(transaction, { phoneNumber: phone, purpose: 'sign-in', language: {}, requester: anybody });
      expect(wake).not.toHaveBeenCalled();
    });
    expect(wake).toHaveBeenCalled();
  });
});
