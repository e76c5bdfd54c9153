import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import smpp, { type Session } from 'smpp';
import { readSettings } from '../src/settings/settings';
import { ServiceUnavailable } from '../src/error/refusal';
import { Log } from '../src/log/log';
import { segmentsOf, sizeOf } from '../src/sms/alphabet';
import type { SmsReceipt } from '../src/sms/sms-receipt';
import type { SmsTransport } from '../src/sms/sms-transport';
import { transportsOf } from '../src/sms/transports';
import { TransactionRunner } from '../src/transaction/transaction-runner';
import { databases, sqlite } from './support/databases';
import { scratchFolder, testEnvironment } from './support/environment';
import { FakeClock } from './support/fake-clock';
import { postJson, requestOtpPath } from './support/http-client';
import { codeIn } from './support/inbox';
import { freePort } from './support/free-port';
import { MessageCentre, pduBytes, receipt, receiptText, type Submit } from './simulator/message-centre';
import { ServiceProcess } from './support/service-process';
import { TestApp } from './support/test-app';

const phone = '+255679190720';

/** 3GPP TS 23.038 section 6.2.1, in the order of its codes; ESC is no character. */
const defaultAlphabet = [
  '@£$¥èéùìòÇ\nØø\rÅå',
  'Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ',
  ' !"#¤%&\'()*+,-./',
  '0123456789:;<=>?',
  '¡ABCDEFGHIJKLMNO',
  'PQRSTUVWXYZÄÖÑÜ§',
  '¿abcdefghijklmno',
  'pqrstuvwxyzäöñüà',
].join('');
/** Section 6.2.1.1. */
const extensionTable = {
  ...{ '\f': 0x0a, '^': 0x14, '{': 0x28, '}': 0x29, '\\': 0x2f },
  ...{ '[': 0x3c, '~': 0x3d, ']': 0x3e, '|': 0x40, '€': 0x65 },
};
const septets = new Map<string, number[]>([
  ...[...defaultAlphabet].map((it, code): [string, number[]] => [it, [code]]).filter(([it]) => it !== '\x1b'),
  ...Object.entries(extensionTable).map(([it, code]): [string, number[]] => [it, [0x1b, code]]),
]);
const inSeptets = (text: string) => Buffer.from([...text].flatMap((it) => septets.get(it)!));
const bigEndian = (text: string) => Buffer.from(text, 'utf16le').swap16();

/** Everything of Node that waits stays as it is: only pauses are the test's to end. */
function holdTimers(): void {
  jest.useFakeTimers({
    doNotFake: ['Date', 'hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'clearImmediate'],
  });
}

/** Ends the pause that ends first. @returns its milliseconds */
async function endPause(): Promise<number> {
  const before = jest.now();
  await jest.advanceTimersToNextTimerAsync();
  return jest.now() - before;
}

describe('the SMPP transport', () => {
  let centre: MessageCentre;
  let transport: SmsTransport;
  let logged: string[];
  let receipts: SmsReceipt[];
  let report: (receipt: SmsReceipt) => Promise<void>;

  beforeEach(async () => {
    logged = [];
    receipts = [];
    report = async (it) => void receipts.push(it);
    centre = await MessageCentre.start();
    transport = transportTo(centre.url());
  });
  afterEach(async () => {
    jest.useRealTimers();
    jest.restoreAllMocks();
    await transport.close!();
    await centre.stop();
  });

  function transportTo(url: string, env: NodeJS.ProcessEnv = {}): SmsTransport {
    const given = { SMS_TRANSPORT: 'smpp', SMPP_URL: url, SMPP_SENDER: 'HODI', ...env };
    const settings = readSettings(testEnvironment(given));
    const log = new Log(settings.log, { write: (line) => void logged.push(line) });
    return transportsOf(settings.sms, new FakeClock(), log)[0]!;
  }

  const open = (other = transport) => (transport = other).open!((it) => report(it));
  async function bound(other?: SmsTransport): Promise<void> {
    open(other);
    await centre.until(() => centre.binds.length > 0);
    await centre.askIfAlive();
  }
  const send = (text: string, { to = phone, ttlSeconds = 300, signal = new AbortController().signal } = {}) =>
    transport.send({ id: '0', to, text, ttlSeconds }, signal);
  const linesWith = (what: string) => logged.filter((line) => line.includes(`"msg":"${what}"`));
  const unreachable = { kind: 'passing', reason: 'unreachable' };

  describe('binds', () => {
    const usual = {
      command: 'bind_transceiver',
      system_id: 'hodi',
      password: 'secret',
      system_type: '',
      interface_version: 0x34,
      addr_ton: 0,
      addr_npi: 0,
      address_range: '',
    };

    it.each([
      ['as a transceiver of version 3.4', 'hodi:secret', {}, {}],
      [
        'with a name and a password that are escaped in the URL',
        'ho%40di:s%3Ac%2F%25t',
        {},
        { system_id: 'ho@di', password: 's:c/%t' },
      ],
      ['without a password where there is none', 'hodi', {}, { password: '' }],
      ['with a system type', 'hodi:secret', { SMPP_SYSTEM_TYPE: 'VMA' }, { system_type: 'VMA' }],
      ['as a transmitter', 'hodi:secret', { SMPP_BIND: 'transmitter' }, { command: 'bind_transmitter' }],
    ])('%s', async (_how, credentials, env, fields) => {
      await bound(transportTo(centre.url(credentials), env));
      expect(centre.binds).toEqual([{ ...usual, ...fields }]);
      expect(linesWith('message centre is bound')).toHaveLength(1);
    });

    it('not before it is opened, and takes no text until then', async () => {
      await expect(send('x')).rejects.toMatchObject(unreachable);
      expect(centre.binds).toEqual([]);
    });

    it('first, and then sends what came meanwhile', async () => {
      let answer!: () => void;
      centre.answerBind = () => new Promise((resolve) => (answer = () => resolve({})));
      open();
      const sent = send('x');
      await centre.until(() => centre.binds.length > 0);
      await centre.askIfAlive();
      expect(centre.submits).toEqual([]);
      answer();
      expect(await sent).toBe('id-1');
    });

    it('and sends nothing that nobody waits for any more', async () => {
      let answer!: () => void;
      centre.answerBind = () => new Promise((resolve) => (answer = () => resolve({})));
      const given = new AbortController();
      open();
      const sent = send('x', { signal: given.signal });
      await centre.until(() => centre.binds.length > 0);
      given.abort();
      answer();
      await expect(sent).rejects.toThrow('aborted');
      await centre.askIfAlive();
      expect(centre.submits).toEqual([]);
    });
  });

  describe('submits', () => {
    beforeEach(() => bound());

    const usual: Submit = {
      service_type: '',
      source_addr_ton: 5,
      source_addr_npi: 0,
      source_addr: 'HODI',
      dest_addr_ton: 1,
      dest_addr_npi: 1,
      destination_addr: '255679190720',
      esm_class: 0,
      protocol_id: 0,
      priority_flag: 0,
      schedule_delivery_time: '',
      validity_period: '000000000500000R',
      registered_delivery: 1,
      replace_if_present_flag: 0,
      data_coding: 0,
      sm_default_msg_id: 0,
      short_message: Buffer.from('Habari'),
      optional: Buffer.alloc(0),
    };

    it('a text of letters in the default alphabet', async () => {
      expect(await send('Habari')).toBe('id-1');
      expect(centre.submits).toEqual([usual]);
    });

    it('a text of other letters in big-endian UCS-2', async () => {
      const text = '123456 رمز الدخول إلى Hodi. 🔑';
      await send(text);
      expect(centre.submits).toEqual([{ ...usual, data_coding: 8, short_message: bigEndian(text) }]);
    });

    it.each([
      ['a name', 'Hodi 2', { source_addr: 'Hodi 2' }],
      ['a short code of six digits', '123456', { source_addr: '123456', source_addr_ton: 3, source_addr_npi: 0 }],
      ['a number of seven digits', '1234567', { source_addr: '1234567', source_addr_ton: 1, source_addr_npi: 1 }],
      [
        'a number with its plus',
        '+255754000001',
        { source_addr: '255754000001', source_addr_ton: 1, source_addr_npi: 1 },
      ],
    ])('from %s', async (_what, SMPP_SENDER, fields) => {
      await transport.close!();
      open(transportTo(centre.url(), { SMPP_SENDER }));
      await send('Habari');
      expect(centre.submits).toEqual([{ ...usual, ...fields }]);
    });

    it.each([
      ['a second', 1, '000000000001000R'],
      ['less than a minute', 59, '000000000059000R'],
      ['a minute', 60, '000000000100000R'],
      ['less than an hour', 3_599, '000000005959000R'],
      ['an hour', 3_600, '000000010000000R'],
      ['an hour, a minute and a second', 3_661, '000000010101000R'],
    ])('a text that is good for %s', async (_what, ttlSeconds, validity_period) => {
      await send('Habari', { ttlSeconds });
      expect(centre.submits).toEqual([{ ...usual, validity_period }]);
    });

    it('every letter of the default alphabet and its extension by the bytes of the standard', async () => {
      const letters = [...septets.keys()].join('');
      await send(letters);
      expect(letters).toHaveLength(137);
      expect(centre.submits).toEqual([{ ...usual, short_message: inSeptets(letters) }]);
    });

    it('what is counted as the default alphabet as just as many bytes, which read the same', () => {
      const all = Array.from({ length: 0x10000 }, (_, unit) => String.fromCharCode(unit));
      const counted = all.filter((it) => sizeOf(it).alphabet === 'GSM-7');
      const places = (it: string) => (segmentsOf(it.repeat(160)).length === 1 ? 1 : 2);
      const { ASCII } = smpp.encodings;
      expect(counted.sort()).toEqual([...septets.keys()].sort());
      expect(counted.map((it) => [it, ASCII.encode(it).length, ASCII.decode(ASCII.encode(it))])).toEqual(
        counted.map((it) => [it, places(it), it]),
      );
    });

    it.each([
      ['160 letters', 'é'.repeat(160)],
      ['80 letters of two places each', '€'.repeat(80)],
      ['70 other letters', 'ر'.repeat(70)],
    ])('%s as one segment', async (_what, text) => {
      await send(text);
      expect(centre.submits).toMatchObject([{ esm_class: 0, registered_delivery: 1 }]);
      expect(centre.submits[0]!.short_message).toHaveLength(text.startsWith('ر') ? 140 : 160);
    });

    it.each<[string, string, string[], (text: string) => Buffer]>([
      ['161 letters', 'é'.repeat(161), ['é'.repeat(153), 'é'.repeat(8)], inSeptets],
      [
        'a letter of two places that does not fit any more',
        `${'a'.repeat(152)}€${'b'.repeat(152)}`,
        ['a'.repeat(152), `€${'b'.repeat(151)}`, 'b'],
        inSeptets,
      ],
      ['71 other letters', 'ر'.repeat(71), ['ر'.repeat(67), 'ر'.repeat(4)], bigEndian],
      [
        'a letter of two units that does not fit any more',
        `${'ر'.repeat(66)}🔑${'ر'.repeat(3)}`,
        ['ر'.repeat(66), `🔑${'ر'.repeat(3)}`],
        bigEndian,
      ],
    ])('%s in segments, and asks for a receipt of the last', async (_what, text, segments, bytes) => {
      expect(await send(text)).toBe(`id-${segments.length}`);
      const reference = centre.submits[0]!.short_message[3]!;
      const header = (place: number) => Buffer.from([5, 0, 3, reference, segments.length, place]);
      expect(centre.submits).toEqual(
        segments.map((segment, index) => ({
          ...usual,
          esm_class: 0x40,
          data_coding: bytes === bigEndian ? 8 : 0,
          registered_delivery: index === segments.length - 1 ? 1 : 0,
          short_message: Buffer.concat([header(index + 1), bytes(segment)]),
        })),
      );
    });

    it('segments of different texts under different references', async () => {
      for (let text = 0; text < 12; text += 1) await send('a'.repeat(161));
      expect(new Set(centre.submits.map(({ short_message }) => short_message[3])).size).toBeGreaterThan(1);
    });
  });

  describe('is answered', () => {
    beforeEach(() => bound());

    it.each([
      ['as it is', 'b2c1', 'b2c1'],
      ['in small letters', 'B2C1', 'b2c1'],
      ['without zeros before it', '000B2C10', 'b2c10'],
      ['of zeros alone', '000', '0'],
      ['that is empty, as none', '', undefined],
    ])('with an id, which it keeps: %s', async (_how, message_id, kept) => {
      centre.answerSubmit = () => ({ message_id });
      expect(await send('x')).toBe(kept);
    });

    it.each([
      ['no such number', 0x0b, { kind: 'refused', reason: 'refused:0x0b', retryAfterSeconds: 0 }],
      ['rejected for its content', 0x66, { kind: 'refused', reason: 'refused:0x66', retryAfterSeconds: 0 }],
      ['not bound', 0x04, { kind: 'passing', reason: 'account_refused:0x04', retryAfterSeconds: 0 }],
      ['too many at a time', 0x58, { kind: 'throttled', reason: 'throttled:0x58', retryAfterSeconds: 1 }],
      ['queue full', 0x14, { kind: 'throttled', reason: 'throttled:0x14', retryAfterSeconds: 1 }],
      ['system error', 0x08, { kind: 'passing', reason: 'out_of_order:0x08', retryAfterSeconds: 0 }],
      ['invalid sender', 0x0a, { kind: 'unclear', reason: 'unclear:0x0a', retryAfterSeconds: 0 }],
      ['submit failed', 0x45, { kind: 'unclear', reason: 'unclear:0x45', retryAfterSeconds: 0 }],
      ['a fault of its own', 0x400, { kind: 'unclear', reason: 'unclear:0x400', retryAfterSeconds: 0 }],
    ])('with a fault: %s', async (_what, command_status, fault) => {
      centre.answerSubmit = () => ({ command_status });
      await expect(send('x')).rejects.toMatchObject(fault);
      centre.answerSubmit = () => ({ message_id: 'next' });
      expect(await send('x')).toBe('next');
    });

    it('for each segment, and takes one fault for the whole', async () => {
      centre.answerSubmit = ({ registered_delivery }) =>
        registered_delivery ? { message_id: 'a' } : { command_status: 0x0b };
      await expect(send('a'.repeat(161))).rejects.toMatchObject({ kind: 'refused', reason: 'refused:0x0b' });
    });

    it('in any order, each text with its own id', async () => {
      const answers: (() => void)[] = [];
      centre.answerSubmit = ({ short_message }) =>
        new Promise((resolve) => answers.push(() => resolve({ message_id: `of-${short_message.toString()}` })));
      const sent = Promise.all([send('a'), send('b'), send('c')]);
      await centre.until(() => answers.length === 3);
      answers.reverse().forEach((answer) => answer());
      expect(await sent).toEqual(['of-a', 'of-b', 'of-c']);
    });
  });

  describe('without a centre', () => {
    beforeEach(holdTimers);

    it('says so once, and binds when there is one', async () => {
      const { port } = centre;
      await centre.stop();
      open();
      await expect(send('x')).rejects.toMatchObject({ ...unreachable, cause: { code: 'ECONNREFUSED' } });
      for (let tries = 0; tries < 3; tries += 1) {
        await endPause();
        await expect(send('x')).rejects.toMatchObject(unreachable);
      }
      expect(linesWith('message centre is out of reach')).toEqual([expect.stringContaining('ECONNREFUSED')]);

      centre = await MessageCentre.start({ port });
      await endPause();
      expect(await send('x')).toBe('id-1');
      expect(linesWith('message centre is bound')).toHaveLength(1);
    });

    it('waits twice as long before each try, 30 s at most, and from 1 s on after a success', async () => {
      centre.answerBind = () => ({ command_status: 0x0e });
      open();
      const pauses: number[] = [];
      for (let tries = 0; tries < 7; tries += 1) {
        await expect(send('x')).rejects.toMatchObject({ kind: 'passing' });
        pauses.push(await endPause());
      }
      expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
      await expect(send('x')).rejects.toMatchObject({ kind: 'passing' });

      centre.answerBind = () => ({});
      await endPause();
      expect(await send('x')).toBe('id-1');
      centre.answerSubmit = () => void centre.cut();
      await expect(send('x')).rejects.toMatchObject(unreachable);
      expect(await endPause()).toBe(1_000);
      expect(linesWith('message centre is out of reach')).toHaveLength(2);
    });

    it('tells a refused bind by its status while it is made, and that nobody is there afterwards', async () => {
      centre.answerBind = () => ({ command_status: 0x0e });
      open();
      await expect(send('x')).rejects.toMatchObject({ kind: 'passing', reason: 'account_refused:0x0e' });
      await expect(send('x')).rejects.toMatchObject(unreachable);
      expect(centre.submits).toEqual([]);
      expect(linesWith('message centre is out of reach')).toEqual([expect.stringContaining('account_refused:0x0e')]);
    });

    it('gives up one that does not answer a bind for 5 s', async () => {
      centre.answerBind = () => undefined;
      open();
      const sent = send('x').catch((error: unknown) => error);
      await centre.until(() => centre.binds.length === 1);
      expect(await endPause()).toBe(5_000);
      expect(await sent).toMatchObject(unreachable);
      centre.answerBind = () => ({});
      expect(await endPause()).toBe(1_000);
      expect(await send('x')).toBe('id-1');
    });

    it('leaves no timer behind but that of the next try', async () => {
      centre.answerBind = () => ({ command_status: 0x0e });
      open();
      await expect(send('x')).rejects.toMatchObject({ kind: 'passing' });
      expect(jest.getTimerCount()).toBe(1);
    });
  });

  describe('when the connection breaks', () => {
    beforeEach(async () => {
      holdTimers();
      await bound();
    });

    it('gives back at once what was not answered, and binds again', async () => {
      centre.answerSubmit = () => undefined;
      const sent = [send('a'), send('a'.repeat(161))].map((it) => it.catch((error: unknown) => error));
      await centre.until(() => centre.submits.length === 3);
      centre.cut();
      expect(await Promise.all(sent)).toMatchObject([unreachable, unreachable]);
      expect(jest.getTimerCount()).toBe(1);

      await expect(send('b')).rejects.toMatchObject(unreachable);
      centre.answerSubmit = () => ({ message_id: 'again' });
      await endPause();
      expect(await send('c')).toBe('again');
      expect(centre.binds).toHaveLength(2);
    });

    it('waits no longer for the end of what was answered', async () => {
      const connect = jest.spyOn(smpp, 'connect');
      centre.cut();
      await centre.until(() => centre.closed === 1);
      while (jest.getTimerCount() === 0 || linesWith('message centre is out of reach').length === 0)
        await setImmediate();
      await endPause();
      await send('a');
      const session = connect.mock.results[0]!.value as Session;
      const waiting = session.listenerCount('close');
      await send('b');
      centre.answerSubmit = () => ({ command_status: 0x58 });
      await expect(send('c')).rejects.toMatchObject({ kind: 'throttled' });
      expect(session.listenerCount('close')).toBe(waiting);
    });

    it('breaks it itself where the centre talks nonsense', async () => {
      const sent = send('x').then(() => {
        centre.answerSubmit = () => undefined;
        return send('y').catch((error: unknown) => error);
      });
      await centre.until(() => centre.submits.length === 2);
      centre.sendRaw(Buffer.alloc(16, 0xff));
      expect(await sent).toMatchObject(unreachable);
      await centre.until(() => centre.closed === 1);
      centre.answerSubmit = () => ({ message_id: 'again' });
      await endPause();
      expect(await send('z')).toBe('again');
    });

    it('says goodbye to a centre that does so, and binds again', async () => {
      expect(await centre.unbind()).toMatchObject({ command: 'unbind_resp', command_status: 0 });
      await centre.until(() => centre.closed === 1);
      while (linesWith('message centre is out of reach').length === 0) await setImmediate();
      await expect(send('x')).rejects.toMatchObject(unreachable);
      expect(await endPause()).toBe(1_000);
      expect(await send('y')).toBe('id-1');
      expect(centre.binds).toHaveLength(2);
    });
  });

  describe('asks whether the centre is alive', () => {
    const everySecond = { SMPP_ENQUIRE_LINK_SECONDS: '1' };
    beforeEach(holdTimers);

    it('every 30 s where nothing else is said', async () => {
      await bound();
      expect(await endPause()).toBe(30_000);
      await centre.until(() => centre.enquiries === 1);
    });

    it('as often as it is told, and stays where it is answered', async () => {
      await bound(transportTo(centre.url(), everySecond));
      for (const enquiries of [1, 2, 3]) {
        expect(await endPause()).toBe(1_000);
        await centre.until(() => centre.enquiries === enquiries);
        await centre.askIfAlive();
      }
      expect([centre.binds.length, centre.closed]).toEqual([1, 0]);
    });

    it('and gives up one that does not answer until the next time', async () => {
      await bound(transportTo(centre.url(), everySecond));
      centre.answersEnquiries = false;
      centre.answerSubmit = () => undefined;
      const sent = send('x').catch((error: unknown) => error);
      await endPause();
      await centre.until(() => centre.enquiries === 1 && centre.submits.length === 1);
      await endPause();
      expect(await sent).toMatchObject(unreachable);
      await centre.until(() => centre.closed === 1);

      centre.answersEnquiries = true;
      centre.answerSubmit = () => ({ message_id: 'again' });
      await endPause();
      expect(await send('y')).toBe('again');
      expect([centre.binds.length, centre.enquiries]).toEqual([2, 1]);
    });

    it('and answers when it is asked itself', async () => {
      await bound();
      expect(await centre.askIfAlive()).toMatchObject({ command: 'enquire_link_resp', command_status: 0 });
    });
  });

  describe('where the centre keeps a connection that it was asked to end', () => {
    beforeEach(async () => {
      await centre.stop();
      centre = await MessageCentre.start({ allowHalfOpen: true });
      holdTimers();
      await bound(transportTo(centre.url(), { SMPP_ENQUIRE_LINK_SECONDS: '1' }));
      await centre.unbind();
    });

    it('takes no text for it, and binds again after two enquiries that could not be made', async () => {
      await expect(send('x')).rejects.toMatchObject(unreachable);
      await endPause();
      await endPause();
      while (linesWith('message centre is out of reach').length === 0) await setImmediate();
      await endPause();
      expect(await send('y')).toBe('id-1');
      expect(centre.binds).toHaveLength(2);
    });

    it('leaves it when it is closed', async () => {
      await transport.close!();
      expect(jest.getTimerCount()).toBe(0);
    });
  });

  describe('is closed', () => {
    beforeEach(holdTimers);

    it('after it has unbound, and does not come again', async () => {
      await bound();
      await transport.close!();
      await centre.until(() => centre.closed === 1);
      expect(centre.unbinds).toBe(1);
      expect(jest.getTimerCount()).toBe(0);
      await expect(send('x')).rejects.toMatchObject(unreachable);
      expect(linesWith('message centre is out of reach')).toEqual([]);
    });

    it('after a second where the centre does not let go', async () => {
      await bound();
      centre.answersUnbinds = false;
      const closing = transport.close!();
      await centre.until(() => centre.unbinds === 1);
      expect(await endPause()).toBe(1_000);
      await closing;
      await centre.until(() => centre.closed === 1);
      expect(jest.getTimerCount()).toBe(0);
    });

    it('in the middle of a bind, with all that waits for it', async () => {
      centre.answerBind = () => undefined;
      open();
      const sent = send('x').catch((error: unknown) => error);
      await centre.until(() => centre.binds.length === 1);
      await transport.close!();
      expect(await sent).toMatchObject(unreachable);
      expect(jest.getTimerCount()).toBe(0);
    });

    it('between two tries, and makes no more', async () => {
      centre.answerBind = () => ({ command_status: 0x0e });
      open();
      await expect(send('x')).rejects.toMatchObject({ kind: 'passing' });
      await transport.close!();
      expect(jest.getTimerCount()).toBe(0);
    });

    it('although it was never opened', async () => {
      await transport.close!();
      expect(centre.binds).toEqual([]);
    });
  });

  describe('reads', () => {
    const delivered = { providerId: 'b2c1', outcome: 'delivered', providerCode: '000' };
    const failed = (providerCode: string) => ({ providerId: 'b2c1', outcome: 'failed', providerCode });
    const pending = (providerCode: string) => ({ providerId: 'b2c1', outcome: 'pending', providerCode });
    const byText = (stat: string, err?: string) => ({ short_message: receiptText('b2c1', stat, err) });
    const byTlv = (message_state: number) => ({ receipted_message_id: 'b2c1', message_state, short_message: '' });

    it.each<[string, object, object]>([
      ['DELIVRD', byText('DELIVRD'), delivered],
      ['EXPIRED', byText('EXPIRED', '027'), failed('027')],
      ['DELETED', byText('DELETED'), failed('000')],
      ['UNDELIV', byText('UNDELIV', '069'), failed('069')],
      ['REJECTD', byText('REJECTD', '011'), failed('011')],
      ['ACCEPTD', byText('ACCEPTD'), pending('000')],
      ['ENROUTE', byText('ENROUTE'), pending('000')],
      ['UNKNOWN', byText('UNKNOWN'), pending('000')],
      ['small letters', { short_message: 'ID:b2c1 STAT:undeliv ERR:1A' }, failed('1A')],
      ['a text without an error', { short_message: 'id:b2c1 stat:REJECTD' }, failed('REJECTD')],
      ['state 1, on its way', byTlv(1), pending('')],
      ['state 2, delivered', byTlv(2), { ...delivered, providerCode: '' }],
      ['state 3, expired', byTlv(3), failed('')],
      ['state 4, deleted', byTlv(4), failed('')],
      ['state 5, undeliverable', byTlv(5), failed('')],
      ['state 6, accepted', byTlv(6), pending('')],
      ['state 7, unknown', byTlv(7), pending('')],
      ['state 8, rejected', byTlv(8), failed('')],
      [
        'fields before the text',
        {
          ...byText('DELIVRD', '069'),
          short_message: receiptText('0', 'DELIVRD', '069'),
          ...{ receipted_message_id: 'b2c1', message_state: 5 },
        },
        failed('069'),
      ],
      [
        'an id in a field, the rest in the text',
        { ...byText('UNDELIV', '1'), receipted_message_id: 'b2c1' },
        failed('1'),
      ],
      ['a state in a field, the id in the text', { ...byText('?'), message_state: 2 }, delivered],
      ['an id in capitals', { short_message: receiptText('B2C1', 'DELIVRD') }, delivered],
      ['an id with zeros before it', { short_message: receiptText('0000b2c1', 'DELIVRD') }, delivered],
      [
        'an id of digits as it is',
        { short_message: receiptText('2601', 'DELIVRD') },
        { ...delivered, providerId: '2601' },
      ],
      ['a receipt with a reply path', { ...byText('DELIVRD'), esm_class: 0x84 }, delivered],
      ['a receipt in a certain mode', { ...byText('DELIVRD'), esm_class: 0x07 }, delivered],
      ['a receipt in an alphabet of its own', { ...byText('DELIVRD'), data_coding: 3 }, delivered],
    ])('%s', async (_what, fields, read) => {
      await bound();
      const answer = await centre.deliver(receipt(fields));
      expect(answer).toMatchObject({ command: 'deliver_sm_resp', command_status: 0 });
      expect(receipts).toEqual([read]);
    });

    it.each([
      ['digits', '2601', 'a29'],
      ['digits with zeros before them', '0000002601', 'a29'],
      ['more digits than a number holds', '18446744073709551615', 'ffffffffffffffff'],
      ['hexadecimal digits', 'A29', 'a29'],
    ])('ids that are hexadecimal in answers and decimal in receipts: %s', async (_what, id, providerId) => {
      await bound(transportTo(centre.url(), { SMPP_RECEIPT_IDS: 'decimal' }));
      await centre.deliver(receipt({ receipted_message_id: id, message_state: 2, short_message: '' }));
      expect(receipts).toMatchObject([{ providerId }]);
    });

    it.each([
      ['an answer of a person', { ...byText('DELIVRD'), esm_class: 0 }],
      ['a notification on the way', { ...byText('DELIVRD'), esm_class: 0x20 }],
      ['an acknowledgement by the phone', { ...byText('DELIVRD'), esm_class: 0x08 }],
      ['an acknowledgement by a person', { ...byText('DELIVRD'), esm_class: 0x10 }],
      ['a receipt without an id', { short_message: 'stat:DELIVRD' }],
      ['a receipt of nothing', { short_message: '' }],
    ])('nothing out of %s, and takes it', async (_what, fields) => {
      await bound();
      const answer = await centre.deliver(receipt(fields));
      expect(answer).toMatchObject({ command: 'deliver_sm_resp', command_status: 0 });
      expect(receipts).toEqual([]);
    });

    const inPayload = (stat: string) => ({ short_message: '', message_payload: receiptText('b2c1', stat) });

    it.each<[string, object, object]>([
      ['by its fields', { receipted_message_id: 'b2c1', message_state: 2 }, { ...delivered, providerCode: '' }],
      ['by its text', { message_payload: receiptText('b2c1', 'UNDELIV', '069') }, failed('069')],
      ['by both', { ...byTlv(5), message_payload: receiptText('0', 'DELIVRD', '11') }, failed('11')],
    ])('a receipt in data_sm: %s', async (_what, fields, read) => {
      await bound();
      expect(await centre.data(receipt(fields))).toMatchObject({ command: 'data_sm_resp', command_status: 0 });
      expect(receipts).toEqual([read]);
    });

    it.each<[string, object]>([
      ['in the default alphabet', inPayload('DELIVRD')],
      ['in another alphabet', { ...inPayload('DELIVRD'), data_coding: 3 }],
      ['in big-endian UCS-2', { ...inPayload('DELIVRD'), data_coding: 8 }],
      [
        'as bytes',
        { ...inPayload('DELIVRD'), message_payload: Buffer.from('id:b2c1 stat:DELIVRD err:000'), data_coding: 4 },
      ],
    ])('a receipt in message_payload: %s', async (_what, fields) => {
      await bound();
      expect(await centre.deliver(receipt(fields))).toMatchObject({ command: 'deliver_sm_resp', command_status: 0 });
      expect(receipts).toEqual([delivered]);
    });

    it.each<[string, object]>([
      ['of a person', { message_payload: 'id:b2c1 stat:DELIVRD', esm_class: 0 }],
      ['without an id', { message_payload: 'stat:DELIVRD' }],
      ['without anything', {}],
    ])('nothing out of a data_sm %s, and takes it', async (_what, fields) => {
      await bound();
      expect(await centre.data(receipt(fields))).toMatchObject({ command: 'data_sm_resp', command_status: 0 });
      expect(receipts).toEqual([]);
    });

    it.each([
      ['of a command of no standard', pduBytes(0x199, 7)],
      ['query_sm', pduBytes(0x03, 7, Buffer.from('id\0\x01\x01255\0'))],
      ['submit_sm', pduBytes(0x04, 7, Buffer.alloc(17))],
      ['bind_transceiver', pduBytes(0x09, 7, Buffer.alloc(7))],
    ])('no PDU that is not for it, and says so: %s', async (_what, bytes) => {
      await bound();
      centre.sendRaw(bytes);
      await centre.until(() => centre.nacks.length > 0);
      await centre.askIfAlive();
      expect(centre.nacks).toMatchObject([{ command_status: 0x03, sequence_number: 7 }]);
    });

    it.each([
      ['alert_notification', pduBytes(0x102, 7, Buffer.from('\x01\x01255\0\x01\x01HODI\0'))],
      ['outbind', pduBytes(0x0b, 7, Buffer.from('centre\0secret\0'))],
      ['an answer of a command of no standard', pduBytes(0x80000199, 7)],
      ['an answer to nothing', pduBytes(0x80000004, 77, Buffer.from('id\0'))],
    ])('without an answer what wants none: %s', async (_what, bytes) => {
      await bound();
      centre.sendRaw(bytes);
      expect(await centre.askIfAlive()).toMatchObject({ command_status: 0 });
      expect([centre.nacks, receipts, centre.closed]).toEqual([[], [], 0]);
    });

    const addresses = Buffer.from('\0\x01\x01255679190720\0\x05\0HODI\0', 'latin1');
    const state = Buffer.from([0x04, 0x27, 0, 1, 2]);
    it.each<[string, number, Buffer, object[]]>([
      ['deliver_sm without fields', 0x05, Buffer.alloc(0), []],
      ['deliver_sm that ends in its addresses', 0x05, addresses.subarray(0, 9), []],
      ['deliver_sm that ends behind its class', 0x05, Buffer.concat([addresses, Buffer.from([4])]), []],
      ['data_sm without fields', 0x103, Buffer.alloc(0), []],
      ['data_sm with a payload before its alphabet is known', 0x103, Buffer.concat([addresses, Buffer.from([4])]), []],
      [
        'data_sm with an id that does not end',
        0x103,
        Buffer.concat([addresses, Buffer.from([4, 0, 0]), Buffer.from('\0\x1e\0\x04B2C1', 'latin1'), state]),
        [{ providerId: 'b2c1', outcome: 'delivered' }],
      ],
      [
        'data_sm with an id of nothing',
        0x103,
        Buffer.concat([addresses, Buffer.from([4, 0, 0]), Buffer.from('\0\x1e\0\x01\0', 'latin1'), state]),
        [],
      ],
    ])('what a centre may send broken, and stays: %s', async (_what, commandId, body, read) => {
      await bound();
      centre.sendRaw(pduBytes(commandId, 7, body));
      expect(await centre.askIfAlive()).toMatchObject({ command_status: 0 });
      expect([centre.closed, receipts]).toMatchObject([0, read]);
    });

    it('whatever a centre sends, and takes texts afterwards', async () => {
      const commands = [0x01, 0x03, 0x04, 0x05, 0x06, 0x09, 0x15, 0x21, 0x102, 0x103, 0x80000000, 0x80000004, 0x199];
      const head = fc.constantFrom(Buffer.alloc(0), Buffer.concat([addresses, Buffer.from([4, 0, 0])]));
      const field = fc.constantFrom(0x1e, 0x0424, 0x0427, 0x0423, 0x1400).chain((tag) =>
        fc.tuple(fc.nat(9), fc.uint8Array({ maxLength: 9 })).map(([length, value]) => {
          return Buffer.from([tag >> 8, tag & 0xff, 0, length, ...value]);
        }),
      );
      const body = fc
        .tuple(head, fc.array(field, { maxLength: 3 }))
        .map(([start, more]) => Buffer.concat([start, ...more]));
      const bytes = fc.uint8Array({ maxLength: 40 }).map((it) => Buffer.from(it));
      const pdu = fc.tuple(fc.constantFrom(...commands), fc.oneof(body, bytes));
      holdTimers();
      await bound();
      let losses = 0;
      for (const [commandId, content] of fc.sample(pdu, { numRuns: 150, seed: 1 })) {
        const { closed, binds } = centre;
        const bindsBefore = binds.length;
        centre.sendRaw(pduBytes(commandId, 7, content));
        await Promise.race([centre.askIfAlive(), centre.until(() => centre.closed > closed)]);
        if (centre.closed === closed) continue;
        // What the library cannot read ends the connection, and the next one is made after a pause.
        while (linesWith('message centre is out of reach').length === losses) await setImmediate();
        losses += 1;
        await endPause();
        await centre.until(() => binds.length > bindsBefore);
        await centre.askIfAlive();
      }
      expect(await send('x')).toMatch(/^id-/);
    });

    it('and answers when it is written down, not before', async () => {
      await bound();
      let writtenDown!: () => void;
      report = () => new Promise((resolve) => (writtenDown = resolve));
      let answered = false;
      const answer = centre.deliver(receipt(byText('DELIVRD'))).finally(() => (answered = true));
      await centre.askIfAlive();
      expect(answered).toBe(false);
      writtenDown();
      expect(await answer).toMatchObject({ command: 'deliver_sm_resp', command_status: 0 });
    });

    it('and wants it again where it could not be written down', async () => {
      await bound();
      report = () => Promise.reject(new ServiceUnavailable());
      expect(await centre.deliver(receipt(byText('DELIVRD')))).toMatchObject({ command_status: 0x64 });
      expect(linesWith('a receipt could not be recorded')).toHaveLength(1);
    });
  });
});

describe('the SMPP transport over TLS', () => {
  const folder = scratchFolder();
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  let centre: MessageCentre;
  let test: TestApp | undefined;
  let service: ServiceProcess | undefined;
  const env = () => ({
    SMS_TRANSPORT: 'smpp',
    SMPP_URL: `smpps://hodi:secret@localhost:${centre.port}`,
    SMPP_SENDER: 'HODI',
  });

  beforeAll(() => {
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    const files = ['-keyout', keyFile, '-out', certFile];
    execFileSync('openssl', ['req', '-x509', ...made, ...subject, ...files], { stdio: 'pipe' });
  });
  beforeEach(async () => {
    centre = await MessageCentre.start({ key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') });
  });
  afterEach(async () => {
    await test?.stop();
    service?.signal('SIGKILL');
    await centre.stop();
  });

  it('says nothing to a centre that nobody vouches for', async () => {
    test = await TestApp.start(sqlite, env());
    expect((await test.requestOtp(phone)).status).toBe(200);
    await test.textsSent();
    expect(test.logged.find((line) => line.includes('message centre is out of reach'))).toMatch(
      'self-signed certificate',
    );
    expect(centre.binds).toEqual([]);
  });

  it('binds to a centre that the operator vouches for, by its name', async () => {
    service = await ServiceProcess.start({ ...env(), NODE_EXTRA_CA_CERTS: certFile });
    await postJson(service.url, requestOtpPath, { phone_number: phone });
    await centre.until(() => centre.submits.length === 1);
    expect(await service.stop()).toBe(0);
    expect(centre.binds).toMatchObject([{ system_id: 'hodi', password: 'secret' }]);
    expect(centre.unbinds).toBe(1);
  });
});

describe('a service with an SMPP transport', () => {
  let centre: MessageCentre | undefined;
  let service: ServiceProcess | undefined;

  afterEach(async () => {
    service?.signal('SIGKILL');
    await centre?.stop();
  });

  it('starts without its centre, sends what waits when that comes, and many texts at a time', async () => {
    const port = await freePort();
    const url = `smpp://hodi:secret@127.0.0.1:${port}`;
    const started = await ServiceProcess.start({ SMS_TRANSPORT: 'smpp', SMPP_URL: url, SMPP_SENDER: 'HODI' });
    service = started;
    const request = (last: number) => postJson(started.url, requestOtpPath, { phone_number: `+2556791907${last}` });
    expect((await request(10)).status).toBe(200);
    await started.lineWith('"msg":"a transport did not take a text"');

    const late = await MessageCentre.start({ port });
    centre = late;
    await late.until(() => late.submits.length === 1);
    const answers: (() => void)[] = [];
    late.answerSubmit = () => new Promise((resolve) => answers.push(() => resolve({ message_id: '1' })));
    await Promise.all(Array.from({ length: 12 }, (_, index) => request(20 + index)));
    await late.until(() => answers.length === 12);
    answers.forEach((answer) => answer());
    expect(await started.stop()).toBe(0);
    expect(started.output.filter((line) => line.includes('close listeners'))).toEqual([]);
  });
});

describe.each(databases)('what became of a text over SMPP, on $name', (database) => {
  let centre: MessageCentre;
  let test: TestApp;

  beforeAll(async () => {
    centre = await MessageCentre.start();
    const env = {
      SMS_TRANSPORT: 'smpp',
      SMPP_URL: centre.url('hodi:Pa55word'),
      SMPP_SENDER: 'HODI',
      LOG_LEVEL: 'trace',
    };
    test = await TestApp.start(database, env);
  });
  beforeEach(() => test.reset());
  afterEach(() => {
    jest.restoreAllMocks();
    centre.answerSubmit = () => ({ message_id: `id-${centre.submits.length}` });
  });
  afterAll(async () => {
    await test.stop();
    await centre.stop();
  });

  async function requestId(): Promise<string> {
    const reply = await test.requestOtp(phone);
    return (JSON.parse(reply.text) as { request_id: string }).request_id;
  }
  async function sent(): Promise<{ request: string; id: string }> {
    const request = await requestId();
    await test.textsSent();
    return { request, id: `id-${centre.submits.length}` };
  }
  const statusOf = async (request: string) =>
    (await test.send({ method: 'GET', path: `/api/account/request-otp/${request}/` })).text;

  it('is nothing yet when the centre has it', async () => {
    const { request } = await sent();
    expect(await statusOf(request)).toBe('{"status":"sent"}');
    const code = codeIn(centre.submits.at(-1)!.short_message.toString());
    expect((await test.verify(phone, code)).status).toBe(200);
  });

  it.each([
    ['DELIVRD', 'delivered'],
    ['EXPIRED', 'failed'],
    ['UNDELIV', 'failed'],
    ['REJECTD', 'failed'],
    ['ACCEPTD', 'sent'],
    ['ENROUTE', 'sent'],
  ])('is told by the text of a receipt: %s is %s', async (stat, status) => {
    const { request, id } = await sent();
    const answer = await centre.deliver(receipt({ short_message: receiptText(id, stat) }));
    expect(answer).toMatchObject({ command_status: 0 });
    expect(await statusOf(request)).toBe(`{"status":"${status}"}`);
  });

  it.each([
    [2, 'delivered'],
    [5, 'failed'],
    [1, 'sent'],
  ])('is told by the fields of a receipt: %s is %s', async (message_state, status) => {
    const { request, id } = await sent();
    await centre.deliver(receipt({ receipted_message_id: id, message_state, short_message: '' }));
    expect(await statusOf(request)).toBe(`{"status":"${status}"}`);
  });

  it.each<[string, 'data' | 'deliver', (id: string) => object]>([
    ['the fields of a data_sm', 'data', (id) => ({ receipted_message_id: id, message_state: 2 })],
    ['the text of a data_sm', 'data', (id) => ({ message_payload: receiptText(id, 'DELIVRD') })],
    [
      'a text in message_payload',
      'deliver',
      (id) => ({ short_message: '', message_payload: receiptText(id, 'DELIVRD') }),
    ],
  ])('is told by %s', async (_what, how, fields) => {
    const { request, id } = await sent();
    expect(await centre[how](receipt(fields(id)))).toMatchObject({ command_status: 0 });
    expect(await statusOf(request)).toBe('{"status":"delivered"}');
  });

  it.each([
    ['other letters', '00B2C1', 'b2c1'],
    ['other zeros', 'b2c2', '0000B2C2'],
  ])('is found by an id in %s', async (_how, message_id, receipted_message_id) => {
    centre.answerSubmit = () => ({ message_id });
    const { request } = await sent();
    await centre.deliver(receipt({ receipted_message_id, message_state: 2, short_message: '' }));
    expect(await statusOf(request)).toBe('{"status":"delivered"}');
  });

  it('is known although the receipt came before the answer', async () => {
    let answer!: Promise<unknown>;
    centre.answerSubmit = () => {
      answer = centre.deliver(receipt({ receipted_message_id: 'early', message_state: 2, short_message: '' }));
      return { message_id: 'early' };
    };
    const request = await requestId();
    await test.textsSent();
    expect(await answer).toMatchObject({ command_status: 0 });
    expect(await statusOf(request)).toBe('{"status":"delivered"}');
  });

  it('is not told by a receipt for another text, which is taken all the same', async () => {
    const { request } = await sent();
    const answer = await centre.deliver(
      receipt({ receipted_message_id: 'unknown', message_state: 2, short_message: '' }),
    );
    expect(answer).toMatchObject({ command_status: 0 });
    expect(test.logged.join('')).toContain('"msg":"receipt for no text"');
    expect(await statusOf(request)).toBe('{"status":"sent"}');
  });

  it('is told again when the database is back', async () => {
    const { request, id } = await sent();
    const told = () => centre.deliver(receipt({ receipted_message_id: id, message_state: 2, short_message: '' }));
    jest.spyOn(test.app.get(TransactionRunner), 'run').mockRejectedValue(new ServiceUnavailable());
    expect(await told()).toMatchObject({ command: 'deliver_sm_resp', command_status: 0x64 });
    jest.restoreAllMocks();
    expect(await statusOf(request)).toBe('{"status":"sent"}');
    expect(await told()).toMatchObject({ command_status: 0 });
    expect(await statusOf(request)).toBe('{"status":"delivered"}');
  });

  it('is logged without number, code and password', async () => {
    centre.answerSubmit = () => ({ command_status: 0x45 });
    await requestId();
    await test.textsSent();
    centre.answerSubmit = () => ({ message_id: 'last' });
    test.clock.advance(2);
    await test.textsSent();
    await centre.deliver(receipt({ short_message: `${receiptText('last', 'UNDELIV')}123456` }));
    await centre.deliver({ ...receipt({ short_message: 'Asante 123456' }), esm_class: 0 });
    const log = test.logged.join('');
    expect(log).toContain('unclear:0x45');
    expect(log).toContain('not_delivered:000');
    const codes = centre.submits.map(({ short_message }) => codeIn(short_message.toString()));
    for (const secret of [...codes, phone.slice(1), 'Pa55word', '123456', 'Asante']) expect(log).not.toContain(secret);
  });
});

describe('a text that a message centre could not deliver', () => {
  let centre: MessageCentre;
  let test: TestApp;

  beforeAll(async () => {
    centre = await MessageCentre.start();
    const env = { SMPP_URL: centre.url(), SMPP_SENDER: 'HODI', SMPP_RECEIPT_IDS: 'decimal' };
    test = await TestApp.start(sqlite, { SMS_TRANSPORT: 'smpp,file', ...env });
  });
  afterAll(async () => {
    await test.stop();
    await centre.stop();
  });

  it('goes over the next transport, with the same code', async () => {
    centre.answerSubmit = () => ({ message_id: '00000A29' });
    await test.requestOtp(phone);
    await test.textsSent();
    expect(test.inbox.texts).toEqual([]);

    await centre.deliver(receipt({ short_message: receiptText('2601', 'UNDELIV', '069') }));
    await test.textsSent();
    const code = codeIn(centre.submits[0]!.short_message.toString());
    expect(test.inbox.texts.map(({ to, text }) => [to, codeIn(text)])).toEqual([[phone, code]]);
    expect((await test.verify(phone, code)).status).toBe(200);
  });
});
