import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Repository } from 'typeorm';
import { OtpService } from '../src/otp/otp.service';
import { SmsMessage } from '../src/sms/sms-message.entity';
import { FileTransport } from '../src/sms/transport/file.transport';
import { TransactionRunner } from '../src/transaction/transaction-runner';
import { databases } from './support/databases';
import { scratchFolder } from './support/environment';
import { FakeClock } from './support/fake-clock';
import { codeIn, Inbox } from './support/inbox';
import { anybody, TestApp } from './support/test-app';

const phone = '+255679190720';

describe.each(databases)('the outbox on $name', (database) => {
  let test: TestApp;
  let messages: Repository<SmsMessage>;

  beforeAll(async () => {
    test = await TestApp.start(database);
    messages = test.dataSource.getRepository(SmsMessage);
  });
  beforeEach(() => test.reset());
  afterAll(() => test.stop());

  const in8Seconds = () => new Date(test.clock.now().getTime() + 8_000);
  const states = async () => (await messages.find()).map(({ state, reason }) => ({ state, reason }));

  it('is committed with its challenge, or not at all', async () => {
    const undone = test.app.get(TransactionRunner).run(async (transaction) => {
      await test.app
        .get(OtpService)
        .request(transaction, { phoneNumber: phone, purpose: 'sign-in', language: {}, requester: anybody });
      throw new Error('rolled back');
    });
    await expect(undone).rejects.toThrow('rolled back');
    await test.textsSent();
    expect([await messages.count(), test.inbox.texts]).toEqual([0, []]);
  });

  it('records which transport took a text, and when', async () => {
    await test.obtainOtp(phone);
    expect(await messages.find()).toMatchObject([
      {
        phoneNumber: phone,
        state: 'sent',
        transport: 'file',
        providerId: 'file-1',
        dueAt: null,
        attempts: 1,
        finishedAt: test.clock.now(),
      },
    ]);
  });

  it('is told of in the log when a text is done with, and not before', async () => {
    const before = test.logged.length;
    await test.obtainOtp(phone);
    const told = test.logged.slice(before).filter((line) => line.includes('"msg":"text '));
    expect(told.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(['text sent']);
  });

  it('holds neither words nor a code', async () => {
    const code = await test.obtainOtp(phone);
    expect(JSON.stringify(await messages.find())).not.toMatch(new RegExp(`"${code}|Hodi`));
  });

  it('answers although no transport takes the text, tries again later, and sends the same code', async () => {
    test.inbox.refusing = true;
    expect((await test.requestOtp(phone)).status).toBe(200);
    await test.textsSent();
    expect(await states()).toEqual([{ state: 'queued', reason: 'out_of_order' }]);
    test.inbox.refusing = false;
    await test.textsSent();
    expect(test.inbox.texts).toEqual([]);

    test.clock.advance(2);
    await test.textsSent();
    expect(await states()).toEqual([{ state: 'sent', reason: null }]);
    expect((await test.verify(phone, codeIn(test.inbox.texts[0]!.text))).status).toBe(200);
    expect(test.logged.join('')).toContain('a transport did not take a text');
  });

  it('tries until the code is past its life, and keeps why it came to nothing', async () => {
    test.inbox.refusing = true;
    await test.requestOtp(phone);
    for (let waited = 0; waited <= 330; waited += 1) {
      await test.textsSent();
      test.clock.advance(1);
    }
    // After 0, 2, 6, 14, 30, 62 seconds, then every 32; once more to see that there is no code any more.
    expect(await messages.find()).toMatchObject([{ state: 'expired', reason: 'out_of_order', attempts: 14 }]);
  });

  it('does not send a code past its life, nor one that was used', async () => {
    test.inbox.refusing = true;
    await test.requestOtp(phone);
    await test.textsSent();
    test.inbox.refusing = false;
    test.clock.advance(300);
    await test.textsSent();
    expect([await states(), test.inbox.texts]).toEqual([[{ state: 'expired', reason: 'out_of_order' }], []]);
  });

  it('gives a text to one of ten dispatchers that look at the same time', async () => {
    const inboxes = Array.from({ length: 10 }, () => new Inbox());
    test.inbox.refusing = true;
    await test.requestOtp(phone);
    await test.textsSent();
    test.clock.advance(5);
    const dispatchers = inboxes.map((inbox) => test.dispatcherTo(inbox));
    await Promise.all(dispatchers.map((dispatcher) => dispatcher.idle()));
    expect(inboxes.flatMap(({ texts }) => texts)).toHaveLength(1);
  });

  it('takes over a text that another dispatcher has kept for over 8 seconds', async () => {
    await test.obtainOtp(phone);
    await messages.update({ phoneNumber: phone }, { state: 'sending', dueAt: in8Seconds(), finishedAt: null });
    await test.textsSent();
    expect(test.inbox.texts).toHaveLength(1);
    test.clock.advance(8);
    await test.textsSent();
    expect(test.inbox.texts).toHaveLength(2);
    expect(test.inbox.texts[1]).toEqual({ ...test.inbox.texts[0], ttlSeconds: 292 });
  });
});

describe('the file transport', () => {
  it('appends a JSON line a text, for its owner only', async () => {
    const file = join(scratchFolder(), 'deeper', 'sms.jsonl');
    const transport = new FileTransport(file, new FakeClock());
    await transport.send({ id: '1', to: phone, text: 'one', ttlSeconds: 300 });
    await transport.send({ id: '2', to: phone, text: 'two\n"', ttlSeconds: 300 });
    expect(readFileSync(file, 'utf8')).toBe(
      `{"at":"2026-06-01T12:00:00.250Z","to":"${phone}","text":"one"}\n` +
        `{"at":"2026-06-01T12:00:00.250Z","to":"${phone}","text":"two\\n\\""}\n`,
    );
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});
