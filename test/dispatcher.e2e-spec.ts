import type { Repository } from 'typeorm';
import { OtpChallenge } from '../src/otp/otp-challenge.entity';
import { OtpService } from '../src/otp/otp.service';
import { SmsDispatcher } from '../src/sms/sms-dispatcher';
import { SmsMessage } from '../src/sms/sms-message.entity';
import { Transactions } from '../src/transaction/transactions';
import { databases } from './support/databases';
import { Inbox } from './support/inbox';
import { TestApp } from './support/test-app';

const phone = '+255679190720';

describe.each(databases)('dispatchers on $name', (database) => {
  let test: TestApp;
  let messages: Repository<SmsMessage>;
  let slow: SmsDispatcher;

  beforeAll(async () => {
    test = await TestApp.start(database);
    messages = test.dataSource.getRepository(SmsMessage);
  });
  beforeEach(() => test.reset());
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => test.stop());

  const in8Seconds = () => new Date(test.clock.now().getTime() + 8_000);

  it.each<[string, Partial<OtpChallenge>]>([
    ['was used', { consumedAt: new Date(0) }],
    ['was guessed to the end', { attempts: 5 }],
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
    test.inbox.refusing = true;
    await test.requestOtp(phone);
    await test.textsSent();
    test.clock.advance(2);
    let end!: (error?: Error) => void;
    const begun = new Promise<void>((entered) => {
      const send = () =>
        new Promise<void>((resolve, reject) => {
          end = (error) => (error ? reject(error) : resolve());
          entered();
        });
      void (slow = test.dispatcherTo({ name: 'console', send })).idle();
    });
    await begun;
    test.clock.advance(10);
    test.inbox.refusing = false;
    await test.textsSent();
    end(how === 'refused' ? new Error('late') : undefined);
    await slow.idle();
    expect(await messages.find()).toMatchObject([{ state: 'sent', transport: 'file', attempts: 3 }]);
    expect(test.inbox.texts).toHaveLength(1);
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
    await new Promise((resolve) => setImmediate(resolve));
    expect(stopped).toBe(false);
    end();
    await stopping;
    expect(await messages.find()).toMatchObject([{ state: 'sent', transport: 'console' }]);
  });

  it('wakes the dispatcher only after the commit', async () => {
    const wake = jest.spyOn(test.app.get(SmsDispatcher), 'wake');
    await test.app.get(Transactions).run(async (transaction) => {
      wake.mockClear();
      await test.app.get(OtpService).request(transaction, phone, 'sign-in', {});
      expect(wake).not.toHaveBeenCalled();
    });
    expect(wake).toHaveBeenCalled();
  });
});
