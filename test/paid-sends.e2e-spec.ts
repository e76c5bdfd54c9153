import type { Repository } from 'typeorm';
import { SmsMessage } from '../src/sms/sms-message.entity';
import { SmsQueue } from '../src/sms/sms-queue';
import { SmsNotTaken } from '../src/sms/sms-transport';
import { databases } from './support/databases';
import { providerEnvironment, ProviderServer, reply } from './simulator/provider-server';
import { TestApp } from './support/test-app';

const phone = '+255679190720';

describe.each(databases)('a text that is reported undelivered, on $name', (database) => {
  const third = new ProviderServer();
  let test: TestApp;
  let messages: Repository<SmsMessage>;

  beforeAll(async () => {
    await third.start();
    const env = { SMS_TRANSPORT: 'file,console,webhook', ...providerEnvironment(third.url).webhook };
    test = await TestApp.start(database, env);
    messages = test.dataSource.getRepository(SmsMessage);
  });
  beforeEach(async () => {
    await test.reset();
    third.forget();
    third.answer(reply(204));
  });
  afterAll(async () => {
    await test.stop();
    await third.stop();
  });

  /** How many texts each of the three took. */
  const counts = () => [test.inbox.texts.length, test.otherInbox.texts.length, third.requests.length];

  async function request(): Promise<void> {
    await test.requestOtp(phone);
    await test.textsSent();
  }

  async function reportFailure(transport: string): Promise<void> {
    const [{ id }] = (await messages.find()) as [SmsMessage];
    await test.app.get(SmsQueue).recordReceipt(transport, { messageId: id, outcome: 'failed', providerCode: 30003 });
    await test.textsSent();
  }

  it('is sent over one more transport, and not over a third', async () => {
    await request();
    await reportFailure('file');
    expect(await messages.find()).toMatchObject([{ state: 'sent', transport: 'console', sends: 2 }]);
    await reportFailure('console');
    expect(counts()).toEqual([1, 1, 0]);
    expect(await messages.find()).toMatchObject([
      { state: 'failed', reason: 'not_delivered:30003', refusedBy: 'file,console', sends: 2, dueAt: null },
    ]);
  });

  it.each<[string, SmsNotTaken]>([
    ['a refusal', SmsNotTaken.refused(21408)],
    ['an error', SmsNotTaken.passing('out_of_order')],
  ])('is sent over the third, where one of two sends was %s, which costs nothing', async (_what, fault) => {
    test.inbox.refusing = fault;
    await request();
    await reportFailure('console');
    expect(counts()).toEqual([0, 1, 1]);
    expect(await messages.find()).toMatchObject([{ state: 'sent', transport: 'webhook', sends: 2 }]);
  });

  it('is sent once more for ten receipts that come at the same time', async () => {
    await request();
    const [{ id }] = (await messages.find()) as [SmsMessage];
    const queue = test.app.get(SmsQueue);
    const receipt = { messageId: id, outcome: 'failed' as const };
    await Promise.all(Array.from({ length: 10 }, () => queue.recordReceipt('file', receipt)));
    await test.textsSent();
    expect(counts()).toEqual([1, 1, 0]);
  });
});
