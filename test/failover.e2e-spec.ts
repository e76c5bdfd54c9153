import { setImmediate } from 'node:timers/promises';
import { Not, type Repository } from 'typeorm';
import { SmsDispatcher } from '../src/dispatch/sms-dispatcher';
import { SmsMessage } from '../src/sms/sms-message.entity';
import { SmsRouter } from '../src/sms/sms-router';
import { SmsNotTaken } from '../src/sms/sms-transport';
import { databases } from './support/databases';
import { codeIn } from './support/inbox';
import { TestApp } from './support/test-app';

const tanzanian = '+255679190720';
const kenyan = '+254712345678';

describe.each(databases)('texts over two transports, on $name', (database) => {
  let test: TestApp;
  let messages: Repository<SmsMessage>;

  beforeAll(async () => {
    test = await TestApp.start(database, { SMS_TRANSPORT: 'file,console', SMS_ROUTES: 'KE:console' });
    messages = test.dataSource.getRepository(SmsMessage);
  });
  beforeEach(() => test.reset());
  afterAll(() => test.stop());

  /** @returns how many texts each of the two has, in the order in which they are tried */
  const counts = () => [test.inbox.texts.length, test.otherInbox.texts.length];

  async function request(phoneNumber = tanzanian): Promise<void> {
    expect((await test.requestOtp(phoneNumber)).status).toBe(200);
    await test.textsSent();
  }

  /** From numbers of one prefix, one after another. */
  async function requestFrom(first: number, last: number): Promise<void> {
    for (let number = first; number <= last; number++) await request(`+2557540000${String(number).padStart(2, '0')}`);
  }

  it('go over the first, as long as it takes them', async () => {
    await request();
    expect(counts()).toEqual([1, 0]);
  });

  it('go by the country of the number', async () => {
    await request(kenyan);
    expect(counts()).toEqual([0, 1]);
  });

  it('do not go to a country over a transport that is not in its route', async () => {
    test.otherInbox.refusing = true;
    await request(kenyan);
    expect([counts(), await messages.find()]).toMatchObject([[0, 0], [{ state: 'queued', transport: 'console' }]]);
  });

  it('go over the next one at once, with the code that works, when the first fails', async () => {
    test.inbox.refusing = true;
    await request();
    expect(counts()).toEqual([0, 1]);
    expect(await messages.find()).toMatchObject([
      { state: 'sent', transport: 'console', providerId: 'console-1', attempts: 2, reason: null, refusedBy: '' },
    ]);
    expect((await test.verify(tanzanian, codeIn(test.otherInbox.texts[0]!.text))).status).toBe(200);
  });

  it('begin with the first one again after a round, and wait twice as long after each', async () => {
    test.inbox.refusing = test.otherInbox.refusing = true;
    await request();
    for (const [attempts, wait] of [
      [2, 2],
      [4, 4],
      [6, 8],
    ]) {
      const [message] = await messages.find();
      expect(message).toMatchObject({ state: 'queued', transport: 'console', attempts });
      expect(message!.dueAt!.getTime() - test.clock.now().getTime()).toBe(wait! * 1000);
      test.clock.advance(wait!);
      if (attempts === 6) test.inbox.refusing = false;
      await test.textsSent();
    }
    expect(counts()).toEqual([1, 0]);
  });

  it('never go again over one that has refused them for good', async () => {
    test.inbox.refusing = SmsNotTaken.refused(21614);
    test.otherInbox.refusing = true;
    await request();
    test.inbox.refusing = false;
    test.clock.advance(32);
    await test.textsSent();
    expect(counts()).toEqual([0, 0]);
    expect(await messages.find()).toMatchObject([{ state: 'queued', refusedBy: 'file', transport: 'console' }]);
    test.otherInbox.refusing = false;
    test.clock.advance(32);
    await test.textsSent();
    expect(counts()).toEqual([0, 1]);
  });

  it('have failed when all have refused them for good, with the last one’s reason', async () => {
    test.inbox.refusing = SmsNotTaken.refused(21614);
    test.otherInbox.refusing = SmsNotTaken.refused('UserInBlacklist');
    await request();
    expect(await messages.find()).toMatchObject([
      { state: 'failed', reason: 'refused:UserInBlacklist', refusedBy: 'file,console', dueAt: null },
    ]);
    expect((await messages.find())[0]!.finishedAt).toEqual(test.clock.now());
  });

  it('leave a transport alone as long as it asks for five numbers, and go over the other one meanwhile', async () => {
    test.inbox.refusing = SmsNotTaken.throttled(45);
    await requestFrom(1, 5);
    test.inbox.refusing = false;
    expect(counts()).toEqual([0, 5]);

    test.clock.advance(44);
    await request('+255754000006');
    expect(counts()).toEqual([0, 6]);
    test.clock.advance(1);
    await request('+255754000007');
    expect(counts()).toEqual([1, 6]);
  });

  it('leave a transport alone for 2 minutes at most, whatever it asks for', async () => {
    test.inbox.refusing = SmsNotTaken.throttled(3_600);
    await requestFrom(1, 5);
    test.inbox.refusing = false;
    test.clock.advance(119);
    await request('+255754000006');
    expect(counts()).toEqual([0, 6]);
    test.clock.advance(1);
    await request('+255754000007');
    expect(counts()).toEqual([1, 6]);
  });

  it.each<[string, SmsNotTaken]>([
    ['refuses each of them', SmsNotTaken.refused(21408)],
    ['gives an answer that is not clear', SmsNotTaken.unclear('unclear', 21999)],
    ['asks to slow down', SmsNotTaken.throttled()],
  ])('go over a transport at once that %s for twenty others', async (_what, fault) => {
    test.inbox.refusing = fault;
    await requestFrom(1, 20);
    test.inbox.refusing = false;
    await request();
    expect(counts()).toEqual([1, 20]);
  });

  it.each<[string, SmsNotTaken]>([
    ['fails', SmsNotTaken.passing('out_of_order', { retryAfterSeconds: 3_600 })],
    ['asks to wait', SmsNotTaken.throttled(3_600)],
    ['times out', SmsNotTaken.passing('timed_out')],
  ])('go over a transport at once that %s again and again for one number', async (_what, fault) => {
    test.otherInbox.refusing = fault;
    await request(kenyan);
    for (let round = 0; round < 9; round++) {
      test.clock.advance(32);
      await test.textsSent();
    }
    test.otherInbox.refusing = false;
    await request('+254712345679');
    expect(test.otherInbox.texts.map(({ to }) => to)).toEqual(['+254712345679']);
  });

  it('wait no longer than their code lives, whatever their transport asks for', async () => {
    test.otherInbox.refusing = SmsNotTaken.throttled(3_600);
    await request(kenyan);
    const [message] = await messages.find();
    expect(message!.dueAt!.getTime() - test.clock.now().getTime()).toBe(300_000);
    test.clock.advance(300);
    await test.textsSent();
    expect(await messages.find()).toMatchObject([{ state: 'expired', reason: 'throttled' }]);
  });

  it('go over the other transport again, as long as the first asks to wait with their number', async () => {
    test.inbox.refusing = SmsNotTaken.throttled(45);
    test.otherInbox.refusing = SmsNotTaken.unclear('unclear', 7);
    await request();
    test.inbox.refusing = test.otherInbox.refusing = false;
    test.clock.advance(2);
    await test.textsSent();
    expect(counts()).toEqual([0, 1]);
  });

  it('wait as long as their only transport asks', async () => {
    test.otherInbox.refusing = SmsNotTaken.throttled(45);
    await request(kenyan);
    // Other nodes have not been asked to wait: the text must tell them.
    const [message] = await messages.find();
    expect(message!.dueAt!.getTime() - test.clock.now().getTime()).toBe(45_000);
    test.otherInbox.refusing = false;
    test.clock.advance(44);
    await test.textsSent();
    expect(counts()).toEqual([0, 0]);
    test.clock.advance(1);
    await test.textsSent();
    expect(counts()).toEqual([0, 1]);
  });

  it('wait for the transport that is back first', async () => {
    test.inbox.refusing = SmsNotTaken.throttled(45);
    test.otherInbox.refusing = SmsNotTaken.throttled(20);
    await requestFrom(1, 5);
    await request();
    const last = await messages.findOneByOrFail({ phoneNumber: tanzanian });
    expect(last).toMatchObject({ state: 'queued', attempts: 0 });
    expect(last.dueAt!.getTime() - test.clock.now().getTime()).toBe(20_000);
  });

  it('go the same way again after a dispatcher that died with them', async () => {
    test.inbox.refusing = true;
    await request();
    await messages.update({ phoneNumber: tanzanian }, { state: 'sending', transport: 'file', dueAt: test.clock.now() });
    test.inbox.refusing = false;
    test.otherInbox.empty();
    await test.textsSent();
    expect(counts()).toEqual([1, 0]);
  });

  it('wait after the last transport that may still take them, though others stand behind it', async () => {
    test.inbox.refusing = true;
    test.otherInbox.refusing = SmsNotTaken.refused();
    await request();
    test.clock.advance(4);
    await test.textsSent();
    const [message] = await messages.find();
    expect(message).toMatchObject({ state: 'queued', transport: 'file', refusedBy: 'console', attempts: 3 });
    expect(message!.dueAt!.getTime()).toBeGreaterThan(test.clock.now().getTime());
  });

  it('are not even tried over a transport that rests', async () => {
    test.inbox.refusing = SmsNotTaken.throttled(45);
    await requestFrom(1, 5);
    test.inbox.refusing = false;
    await request();
    const last = await messages.findOneByOrFail({ phoneNumber: tanzanian });
    expect(last).toMatchObject({ state: 'sent', transport: 'console', attempts: 1 });
    const sms = { id: '', to: tanzanian, text: '', ttlSeconds: 1 };
    await expect(test.app.get(SmsRouter).transport('file')!.send(sms)).rejects.toMatchObject({ reason: 'resting' });
    expect(counts()).toEqual([0, 6]);
  });

  it('leave a transport alone for the longer of two reasons', async () => {
    test.inbox.refusing = SmsNotTaken.passing('out_of_order', { retryAfterSeconds: 5 });
    for (let number = 0; number < 5; number++) {
      await request(`+25575400002${number}`);
      test.clock.advance(5);
    }
    test.inbox.refusing = false;
    test.clock.advance(24);
    await request();
    expect(counts()).toEqual([0, 6]);
    test.clock.advance(1);
    await request('+255754000030');
    expect(counts()).toEqual([1, 6]);
  });

  describe('when one fails again and again', () => {
    const tries = jest.fn();
    let made = 0;

    beforeEach(() => {
      tries.mockClear();
      const send = test.inbox.send.bind(test.inbox);
      jest.spyOn(test.inbox, 'send').mockImplementation((sms) => (tries(), send(sms)));
    });
    afterEach(() => jest.restoreAllMocks());

    const requestMore = async (count: number) => {
      for (let number = 0; number < count; number++) await request(`+25575400${1000 + (made += 1)}`);
    };

    it('leave it alone after five times in a row, for 30 seconds; then one of them tries', async () => {
      test.inbox.refusing = true;
      await requestMore(7);
      expect([tries.mock.calls.length, ...counts()]).toEqual([5, 0, 7]);

      test.clock.advance(29);
      await requestMore(1);
      expect(tries).toHaveBeenCalledTimes(5);
      test.clock.advance(1);
      await requestMore(2);
      expect(tries).toHaveBeenCalledTimes(6);
      expect(counts()).toEqual([0, 10]);
    });

    it('come back to it when that one was taken', async () => {
      test.inbox.refusing = true;
      await requestMore(5);
      test.inbox.refusing = false;
      test.clock.advance(30);
      await requestMore(3);
      expect(counts()).toEqual([3, 5]);
      expect(test.logged.join('')).toMatch(/"transport":"file".*"msg":"transport rests"/);
      expect(test.logged.join('')).toMatch(/"transport":"file".*"msg":"transport is back"/);
    });

    it('do not leave it alone for refusals of numbers, which prove that it works', async () => {
      test.inbox.refusing = SmsNotTaken.refused(21211);
      await requestMore(8);
      expect(tries).toHaveBeenCalledTimes(8);
    });

    it('do not leave it alone for being asked to slow down, unless it says for how long', async () => {
      test.inbox.refusing = SmsNotTaken.throttled();
      await requestMore(8);
      expect(tries).toHaveBeenCalledTimes(8);
    });

    it('try it with a new number, though one that failed is just trying', async () => {
      test.otherInbox.refusing = SmsNotTaken.refused();
      test.inbox.refusing = true;
      await requestMore(5);
      test.clock.advance(30);
      let letGo!: () => void;
      const held = new Promise<string>((_resolve, reject) => (letGo = () => reject(SmsNotTaken.passing('timed_out'))));
      const send = jest
        .spyOn(test.inbox, 'send')
        .mockImplementationOnce(() => held)
        .mockImplementationOnce(async () => 'id');
      const tried = send.mock.calls.length;
      test.app.get(SmsDispatcher).wake();
      while (send.mock.calls.length === tried) await setImmediate();
      await test.requestOtp(tanzanian);
      while ((await messages.countBy({ phoneNumber: tanzanian, state: 'sent' })) === 0) await setImmediate();
      letGo();
      await test.textsSent();
    });

    it('try it at once with a new number, when one that failed before has failed again', async () => {
      test.otherInbox.refusing = SmsNotTaken.refused();
      test.inbox.refusing = true;
      await requestMore(5);
      test.clock.advance(30);
      await test.textsSent();
      test.inbox.refusing = false;
      await request();
      expect(test.inbox.to(tanzanian)).toHaveLength(1);
    });

    it('try it again at once, when the text that tried it was refused for its number', async () => {
      test.inbox.refusing = true;
      await requestMore(5);
      test.clock.advance(30);
      test.inbox.refusing = SmsNotTaken.refused(21211);
      await requestMore(1);
      test.inbox.refusing = false;
      await request();
      expect(test.inbox.to(tanzanian)).toHaveLength(1);
    });

    it('lets none of those that come at the same time through but the trial', async () => {
      test.inbox.refusing = true;
      await requestMore(5);
      test.clock.advance(30);
      await Promise.all(Array.from({ length: 6 }, () => test.requestOtp(`+25575400${1000 + (made += 1)}`)));
      await test.textsSent();
      expect(tries).toHaveBeenCalledTimes(6);
      expect(counts()).toEqual([0, 11]);
    });

    it('have the others wait, and not try, while one of them is the trial', async () => {
      test.otherInbox.refusing = SmsNotTaken.refused();
      test.inbox.refusing = true;
      await requestMore(5);
      test.clock.advance(30);
      let letGo!: () => void;
      const held = new Promise<string>((resolve) => (letGo = () => resolve('id')));
      const send = jest
        .spyOn(test.inbox, 'send')
        .mockClear()
        .mockImplementation(() => held);
      // Five from before are due: one is the trial.
      test.app.get(SmsDispatcher).wake();
      const waiting = { state: 'queued' as const, dueAt: new Date(test.clock.now().getTime() + 5_000) };
      while (send.mock.calls.length < 1 || (await messages.countBy(waiting)) < 4) await setImmediate();
      expect([send.mock.calls.length, await messages.countBy(waiting)]).toEqual([1, 4]);
      letGo();
      await test.textsSent();
      test.clock.advance(5);
      await test.textsSent();
      expect([send.mock.calls.length, await messages.countBy({ state: 'sent' })]).toEqual([5, 5]);
    });
  });

  it('are not held up by others that a slow transport has', async () => {
    let letGo!: () => void;
    const held = new Promise<string>((resolve) => (letGo = () => resolve('held')));
    jest.spyOn(test.inbox, 'send').mockImplementation(() => held);
    for (let number = 0; number < 5; number++) await test.requestOtp(`+25575400010${number}`);
    await test.requestOtp(kenyan);
    await test.otherInbox.received(kenyan);
    expect(await messages.countBy({ state: 'sending', phoneNumber: Not(kenyan) })).toBe(5);
    letGo();
    await test.textsSent();
    jest.restoreAllMocks();
    expect(await messages.countBy({ state: 'sent' })).toBe(6);
  });

  it('have failed where the settings leave them no transport at all', async () => {
    test.inbox.refusing = true;
    test.otherInbox.refusing = true;
    await request();
    await messages.update({ phoneNumber: tanzanian }, { refusedBy: 'file,console', dueAt: test.clock.now() });
    await test.textsSent();
    expect(await messages.find()).toMatchObject([{ state: 'failed', reason: 'no_transport', dueAt: null }]);
  });
});
