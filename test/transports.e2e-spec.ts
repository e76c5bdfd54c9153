import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { inspect } from 'node:util';
import { readSettings } from '../src/settings/settings';
import { Log } from '../src/log/log';
import { GuardedTransport } from '../src/sms/guarded-transport';
import { SmsNotTaken, type Sms, type SmsTransport } from '../src/sms/sms-transport';
import { transportsOf } from '../src/sms/transports';
import { testEnvironment } from './support/environment';
import { FakeClock } from './support/fake-clock';
import {
  cut,
  cutHalfway,
  garbage,
  inTwoParts,
  never,
  providerEnvironment,
  ProviderServer,
  receiptToken,
  reply,
  vonageSecret,
  webhookSecret,
  type Answer,
  type ProviderRequest,
} from './simulator/provider-server';

type Name = keyof ReturnType<typeof providerEnvironment>;
type Fault = [kind: SmsNotTaken['kind'], reason: string, retryAfterSeconds: number];

const code = '748213';
const text = `${code} ni namba yako ya Hodi. Usimpe mtu yeyote.`;
const arabic = `${code} رمز الدخول إلى Hodi.`;
const sms: Sms = { id: '0197a2b4-5c6d-7e8f-9a0b-1c2d3e4f5a6b', to: '+255679190720', text, ttlSeconds: 300 };

const publicUrl = 'https://sms.hodi.test/door';
const receiptsWanted = { PUBLIC_URL: publicUrl, SMS_RECEIPT_TOKEN: receiptToken };
const form = 'application/x-www-form-urlencoded;charset=UTF-8';

const server = new ProviderServer();
const clock = new FakeClock();
/** Where nobody answers any more. */
let gone: string;

beforeAll(async () => {
  const other = await new ProviderServer().start();
  await other.stop();
  gone = other.url;
  await server.start();
});
beforeEach(() => server.forget());
afterAll(() => server.stop());

function parts(env: NodeJS.ProcessEnv) {
  const settings = readSettings(testEnvironment(env));
  const log = new Log(settings.log, { write: () => undefined });
  return { settings, log };
}

function transportOf(name: Name, env: NodeJS.ProcessEnv = {}, url = server.url): SmsTransport {
  const { settings, log } = parts({ SMS_TRANSPORT: name, ...providerEnvironment(url)[name], ...env });
  return transportsOf(settings.sms, clock, log)[0]!;
}

const waiting = () => new AbortController().signal;

/** Sends over a transport whose provider answers so. */
function send(name: Name, answer: Answer, env: NodeJS.ProcessEnv = {}, more: Partial<Sms> = {}) {
  server.answer(answer);
  return transportOf(name, env).send({ ...sms, ...more }, waiting());
}

/** How a text was not taken. Nothing of it, wherever in the error, says what the text does. */
async function faultOf(sending: Promise<unknown>): Promise<Fault> {
  const fault: unknown = await sending.then(
    () => 'taken',
    (error: unknown) => error,
  );
  expect(fault).toBeInstanceOf(SmsNotTaken);
  expect(inspect(fault, { depth: null })).not.toMatch(new RegExp(`${code}|namba yako`));
  const { kind, reason, retryAfterSeconds, message } = fault as SmsNotTaken;
  expect(message).toBe(reason);
  return [kind, reason, retryAfterSeconds];
}

const refused = (providerCode: string | number): Fault => ['refused', `refused:${providerCode}`, 0];
const throttled = (providerCode: string | number, seconds = 0): Fault => [
  'throttled',
  `throttled:${providerCode}`,
  seconds,
];
const passing = (reason: string, seconds = 0): Fault => ['passing', reason, seconds];
/** With the code of whatever happened to the connection. */
const unreachable = passing(expect.stringMatching(/^unreachable(:[A-Z_]+)?$/) as string);
const account = (providerCode: string | number): Fault => passing(`account_refused:${providerCode}`);
const unclear = (providerCode: string | number): Fault => ['unclear', `unclear:${providerCode}`, 0];
const unintelligible = (status: number): Fault => ['unclear', `unintelligible:${status}`, 0];
/** An answer whose code is not repeated, as it could be a text's. */
const unclearAlone: Fault = ['unclear', 'unclear', 0];
const outOfOrder = (providerCode: string | number): Fault => passing(`out_of_order:${providerCode}`);

/** The only call there was. */
function theCall(): ProviderRequest {
  expect(server.requests).toHaveLength(1);
  return server.requests[0]!;
}

const fields = ({ body }: ProviderRequest) => Object.fromEntries(new URLSearchParams(body));
const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;

const atReply = (recipient: object) =>
  reply(201, { SMSMessageData: { Message: 'Sent to 1/1 Total Cost: KES 0.8000', Recipients: [recipient] } });
const atTaken = { statusCode: 101, number: sms.to, status: 'Success', cost: 'KES 0.8000', messageId: 'ATPid_1' };
const beemTaken = {
  ...{ successful: true, request_id: 35918915, code: 100, message: 'Message Submitted Successfully' },
  ...{ valid: 1, invalid: 0, duplicates: 0 },
};
const twilioRefusal = (it: number, status = 400) =>
  reply(status, {
    code: it,
    message: `Said of ${text}`,
    more_info: `https://www.twilio.com/docs/errors/${it}`,
    status,
  });
const vonageReply = (...messages: object[]) => reply(200, { 'message-count': String(messages.length), messages });
const vonageTaken = { to: '255679190720', 'message-id': '0A0000000123ABCD1', status: '0', 'client-ref': sms.id };
const infobipReply = (groupId: number, id: number) =>
  reply(200, {
    bulkId: '4479',
    messages: [
      {
        ...{ messageId: sms.id, destination: '255679190720', details: { messageCount: 1 } },
        status: { groupId, groupName: 'GROUP', id, name: 'NAME', description: `Said of ${text}` },
      },
    ],
  });
const snsXml = (inner: string, root = 'PublishResponse') =>
  `<${root} xmlns="http://sns.amazonaws.com/doc/2010-03-31/">${inner}<RequestId>9fd827cd</RequestId></${root}>`;
const snsTaken = snsXml('<PublishResult><MessageId>a0841ada-1649-547f-9bc7-406f166db83c</MessageId></PublishResult>');
const snsRefusal = (it: string, message = 'No.', status = 400) =>
  reply(
    status,
    snsXml(`<Error><Type>Sender</Type><Code>${it}</Code><Message>${message}</Message></Error>`, 'ErrorResponse'),
  );
const snsNoNumber = 'Invalid parameter: PhoneNumber Reason: +1 is not valid to publish to';

/** How each provider takes a text: its reply, and the id of the text that is in it. */
const taking: Readonly<Record<Name, [answer: Answer, id: string | undefined]>> = {
  africastalking: [atReply(atTaken), 'ATPid_1'],
  beem: [reply(200, beemTaken), '35918915'],
  twilio: [
    reply(201, { sid: 'SM3d6e3039b8404a6e9b99408d2292c1e2', status: 'queued' }),
    'SM3d6e3039b8404a6e9b99408d2292c1e2',
  ],
  vonage: [vonageReply(vonageTaken), '0A0000000123ABCD1'],
  infobip: [infobipReply(1, 26), sms.id],
  sns: [reply(200, snsTaken), 'a0841ada-1649-547f-9bc7-406f166db83c'],
  kannel: [reply(202, '0: Accepted for delivery'), undefined],
  webhook: [reply(204), undefined],
};
const names = Object.keys(taking) as Name[];
const date = 'Mon, 01 Jun 2026 12:00:00 GMT';
const withoutDate: Answer = (response) => {
  response.sendDate = false;
  response.writeHead(429, { 'Retry-After': 'Mon, 01 Jun 2026 12:01:30 GMT' }).end();
};

describe.each(names)('the transport %s', (name) => {
  it('gives back the provider’s id of a text that is taken, once', async () => {
    const [answer, id] = taking[name];
    expect(await send(name, answer)).toBe(id);
    expect(theCall().method).toBe('POST');
  });

  it.each<[string, Answer, Fault]>([
    ['429 with seconds to wait', reply(429, '', { 'Retry-After': '7' }), throttled(429, 7)],
    [
      '429 with a date to wait for, by the provider’s own clock',
      reply(429, '', { 'Retry-After': 'Mon, 01 Jun 2026 12:01:30 GMT', Date: date }),
      throttled(429, 90),
    ],
    ['429 with a date, of an unknown clock', withoutDate, throttled(429)],
    [
      '429 with a date that is past',
      reply(429, '', { 'Retry-After': 'Mon, 01 Jun 2026 11:59:00 GMT', Date: date }),
      throttled(429),
    ],
    ['429 with a word for a time', reply(429, '', { 'Retry-After': 'soon' }), throttled(429)],
    ['429 with a day to wait: an hour', reply(429, '', { 'Retry-After': '86400' }), throttled(429, 3_600)],
    ['429 alone', reply(429, { code: 20429, message: 'Too Many Requests' }), throttled(429)],
    ['500', reply(500, text), outOfOrder(500)],
    ['503 with seconds to wait', reply(503, '', { 'Retry-After': '12' }), passing('out_of_order:503', 12)],
    ['408', reply(408), outOfOrder(408)],
    ['no answer, but the end of the connection', cut, unreachable],
    ['half an answer, and the end of the connection', cutHalfway, unreachable],
    ['what is no HTTP', garbage('hodi?\r\n\r\n'), unreachable],
  ])('tells %s', async (_what, answer, fault) => {
    expect(await faultOf(send(name, answer))).toEqual(fault);
  });

  it.each([301, 302, 303, 307, 308])('does not follow a redirect of status %s', async (status) => {
    const answer = reply(status, text, { Location: `${server.url}/elsewhere` });
    expect(await faultOf(send(name, answer))).toEqual(unintelligible(status));
    theCall();
  });

  it('tells that nobody is there', async () => {
    const sending = transportOf(name, {}, gone).send(sms, waiting());
    expect(await faultOf(sending)).toEqual(passing('unreachable:ECONNREFUSED'));
  });

  it('lets go of the connection when nobody waits for the answer any more', async () => {
    server.answer(never);
    const waits = new AbortController();
    const sending = faultOf(transportOf(name).send(sms, waits.signal));
    const { response } = await server.nextRequest();
    const closed = once(response, 'close');
    waits.abort();
    expect(await sending).toEqual(unreachable);
    await closed;
  });
});

const html = `<html><body>${text}</body></html>`;
const nonsense: [string, Answer][] = [
  ['a page of HTML', reply(200, html, { 'Content-Type': 'text/html' })],
  ['half a JSON', reply(200, `{"messages":[{"status":"${text}`)],
  ['JSON of another shape', reply(200, { [code]: text, messages: [], data: text, sid: 7, SMSMessageData: {} })],
  ['JSON that is no object', reply(200, JSON.stringify(text))],
  ['nothing', reply(200)],
];

describe.each(names.filter((it) => taking[it][1] !== undefined))('the transport %s, with nonsense', (name) => {
  it.each(nonsense)('does not take %s for an answer', async (_what, answer) => {
    expect(await faultOf(send(name, answer))).toEqual(unintelligible(200));
  });
});

describe.each(['kannel', 'webhook'] as const)('the transport %s, with nonsense', (name) => {
  it.each(nonsense)('goes by the status, whatever comes with it: %s', async (_what, answer) => {
    expect(await send(name, answer)).toBeUndefined();
  });
});

describe('an error', () => {
  const ofCode = Number(code);

  it.each<[Name, string, Answer, Fault]>([
    ['africastalking', 'a statusCode', atReply({ statusCode: ofCode }), unclearAlone],
    ['africastalking', 'a Message', reply(201, { SMSMessageData: { Message: code, Recipients: [] } }), unclearAlone],
    [
      'africastalking',
      'words for a Message',
      reply(201, { SMSMessageData: { Message: text, Recipients: [] } }),
      unclearAlone,
    ],
    ['beem', 'a code', reply(400, { code, message: text }), unclearAlone],
    ['beem', 'a code within', reply(400, { data: { code: ofCode, message: text } }), unclearAlone],
    ['twilio', 'a code', twilioRefusal(ofCode), unclearAlone],
    ['vonage', 'a status', vonageReply({ status: code, 'error-text': text }), unclearAlone],
    ['vonage', 'words for a status', vonageReply({ status: text }), unclearAlone],
    ['infobip', 'an id', infobipReply(5, ofCode), unclearAlone],
    ['infobip', 'an id of a number that cannot be reached', infobipReply(2, ofCode), ['refused', 'refused', 0]],
    ['sns', 'a Code', snsRefusal(code, text), unclearAlone],
    ['sns', 'words for a Code', snsRefusal(text, text), unclearAlone],
    ['kannel', 'a body', reply(403, text), unclear(403)],
    ['kannel', 'a body after the words for no route', reply(403, `Not routable. ${text}`), refused('not_routable')],
    ['webhook', 'a body', reply(400, text), refused(400)],
  ])('of %s says nothing of a text that comes back as %s', async (name, _place, answer, fault) => {
    expect(await faultOf(send(name, answer))).toEqual(fault);
  });

  it('says nothing of a text that comes back as what is no HTTP', async () => {
    expect(await faultOf(send('twilio', garbage(`${text}\r\n\r\n`)))).toEqual(unreachable);
  });
});

describe('a guarded transport', () => {
  afterEach(() => jest.useRealTimers());

  it('waits 5 seconds for a provider that does not answer', async () => {
    server.answer(never);
    const { log } = parts({});
    const transport = new GuardedTransport(transportOf('twilio'), clock, log);
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'Date', 'performance'] });
    const sending = faultOf(transport.send(sms));
    const { response } = await server.nextRequest();
    const closed = once(response, 'close');
    jest.advanceTimersByTime(4_999);
    expect(response.destroyed).toBe(false);
    jest.advanceTimersByTime(1);
    expect(await sending).toEqual(passing('timed_out'));
    await closed;
  });
});

describe('Africa’s Talking', () => {
  it.each<[string, NodeJS.ProcessEnv, object]>([
    ['without a sender', {}, {}],
    ['with a sender', { AFRICASTALKING_SENDER: 'HODI' }, { from: 'HODI' }],
    ['the same with receipts', receiptsWanted, {}],
  ])('is sent a form, %s', async (_what, env, more) => {
    await send('africastalking', atReply(atTaken), env);
    const call = theCall();
    expect(call).toMatchObject({
      path: '/version1/messaging',
      headers: { apikey: 'atsk_key', accept: 'application/json', 'content-type': form },
    });
    expect(fields(call)).toEqual({ username: 'hodi', to: sms.to, message: text, bulkSMSMode: '1', ...more });
  });

  it('is sent Arabic as it is', async () => {
    await send('africastalking', atReply(atTaken), {}, { text: arabic });
    expect(fields(theCall()).message).toBe(arabic);
  });

  it.each([100, 101, 102])('takes a text with statusCode %s', async (statusCode) => {
    expect(await send('africastalking', atReply({ ...atTaken, statusCode }))).toBe('ATPid_1');
  });

  it.each<[string, Answer, Fault]>([
    ['InvalidPhoneNumber', atReply({ statusCode: 403, messageId: 'None' }), refused(403)],
    ['UnsupportedNumberType', atReply({ statusCode: 404, messageId: 'None' }), refused(404)],
    ['UserInBlacklist', atReply({ statusCode: 406, messageId: 'None' }), refused(406)],
    ['DoNotDisturbRejection', atReply({ statusCode: 409, messageId: 'None' }), refused(409)],
    ['RiskHold', atReply({ statusCode: 401, messageId: 'None' }), unclear(401)],
    ['InvalidSenderId', atReply({ statusCode: 402, messageId: 'None' }), unclear(402)],
    ['InsufficientBalance', atReply({ statusCode: 405, messageId: 'None' }), account(405)],
    ['CouldNotRoute', atReply({ statusCode: 407, messageId: 'None' }), refused(407)],
    ['InternalServerError', atReply({ statusCode: 500, messageId: 'None' }), outOfOrder(500)],
    ['GatewayError', atReply({ statusCode: 501, messageId: 'None' }), unclear(501)],
    ['RejectedByGateway', atReply({ statusCode: 502, messageId: 'None' }), unclear(502)],
    ...['InvalidPhoneNumber', 'UnsupportedNumberType', 'UserInBlacklist', 'CouldNotRoute', 'DoNotDisturbRejection'].map(
      (word): [string, Answer, Fault] => [
        `${word} in a word, of no recipient`,
        reply(201, { SMSMessageData: { Message: word, Recipients: [] } }),
        refused(word),
      ],
    ),
    [
      'InvalidSenderId in a word, of no recipient',
      reply(201, { SMSMessageData: { Message: 'InvalidSenderId', Recipients: [] } }),
      unclear('InvalidSenderId'),
    ],
    [
      'a sentence, of no recipient',
      reply(201, { SMSMessageData: { Message: 'Sent to 0/1 Total Cost: 0', Recipients: [] } }),
      unclearAlone,
    ],
    [
      'a word of more than 40 letters, of no recipient',
      reply(201, { SMSMessageData: { Message: 'x'.repeat(41), Recipients: [] } }),
      unclearAlone,
    ],
    ['no recipient and no word', reply(201, { SMSMessageData: { Recipients: [] } }), unclearAlone],
    ['a wrong key, in plain text', reply(401, 'The supplied authentication is invalid'), account(401)],
    ['a field that is missing', reply(400, "Request is missing required form field 'to'"), unclear(400)],
  ])('tells %s', async (_what, answer, fault) => {
    expect(await faultOf(send('africastalking', answer))).toEqual(fault);
  });
});

describe('Beem', () => {
  it.each<[string, string, 0 | 8]>([
    ['letters of GSM 7-bit', text, 0],
    ['letters of its extension', `${code} € [Hodi]`, 0],
    ['Arabic', arabic, 8],
  ])('is sent JSON that marks Unicode: %s', async (_what, words, encoding) => {
    await send('beem', reply(200, beemTaken), receiptsWanted, { text: words });
    const call = theCall();
    expect(call).toMatchObject({
      path: '/v1/send',
      headers: { authorization: basic('beem-key:beem-secret'), 'content-type': 'application/json' },
    });
    expect(JSON.parse(call.body)).toEqual({
      source_addr: 'HODI',
      encoding,
      schedule_time: '',
      message: words,
      recipients: [{ recipient_id: 1, dest_addr: '255679190720' }],
    });
  });

  it('takes a text without a count of valid numbers', async () => {
    expect(await send('beem', reply(200, { request_id: '7', code: '100' }))).toBe('7');
  });

  it.each<[string, Answer, Fault]>([
    ['an invalid number', reply(400, { code: 101, message: 'Invalid phone number' }), refused(101)],
    ['a number that is missing', reply(400, { code: 115, message: 'No destination' }), refused(115)],
    ['a submission without a valid number', reply(200, { ...beemTaken, valid: 0, invalid: 1 }), refused(100)],
    ['a code in quotes', reply(200, { code: '101', message: 'Invalid phone number' }), refused(101)],
    ['no credit', reply(400, { code: 102, message: 'Insufficient balance' }), account(102)],
    ['no credit, wrapped', reply(400, { data: { code: 102, message: 'Insufficient balance' } }), account(102)],
    ['an invalid number, wrapped', reply(400, { data: { code: '101', message: 'Invalid' } }), refused(101)],
    ['trouble of the network', reply(200, { code: 103, message: 'Network timeout' }), outOfOrder(103)],
    ['a sender that is not registered', reply(400, { code: 111, message: 'Invalid Sender Id' }), unclear(111)],
    ['no route', reply(400, { code: 106, message: 'No route mapping to your account' }), refused(106)],
    ['a wrong key', reply(401, { code: 120, message: 'Invalid api_key and/or secret_id' }), account(120)],
    ['401 without a body', reply(401), account(401)],
    ['400 without a body', reply(400), unintelligible(400)],
  ])('tells %s', async (_what, answer, fault) => {
    expect(await faultOf(send('beem', answer))).toEqual(fault);
  });
});

describe('Twilio', () => {
  const [taken] = taking.twilio;
  const service = 'MG0123456789abcdef0123456789abcdef';

  it.each<[string, NodeJS.ProcessEnv, object]>([
    ['from a number', {}, { From: '+15005550006' }],
    ['from a service', { TWILIO_SENDER: service }, { MessagingServiceSid: service }],
    ['from a name that begins as services do', { TWILIO_SENDER: 'MGHodi' }, { From: 'MGHodi' }],
    ['without receipts where there is a token alone', { SMS_RECEIPT_TOKEN: receiptToken }, { From: '+15005550006' }],
    [
      'with receipts, which need no token',
      receiptsWanted,
      { From: '+15005550006', StatusCallback: `${publicUrl}/api/sms/receipts/twilio/?id=${sms.id}` },
    ],
  ])('is sent a form, %s', async (_what, env, more) => {
    await send('twilio', taken, env);
    const call = theCall();
    expect(call).toMatchObject({
      path: '/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Messages.json',
      headers: { authorization: basic('AC0123456789abcdef0123456789abcdef:twilio-token'), 'content-type': form },
    });
    expect(fields(call)).toEqual({ To: sms.to, Body: text, ValidityPeriod: '300', ...more });
  });

  it('is sent Arabic as it is', async () => {
    await send('twilio', taken, {}, { text: arabic });
    expect(fields(theCall()).Body).toBe(arabic);
  });

  it.each([21211, 21214, 21217, 21408, 21602, 21608, 21610, 21612, 21614, 21617, 21635, 30450])(
    'tells %s as a number’s',
    async (it) => {
      expect(await faultOf(send('twilio', twilioRefusal(it)))).toEqual(refused(it));
    },
  );

  it.each([14107, 20429, 21611, 30022, 30023])('tells %s as a wish for peace', async (it) => {
    expect(await faultOf(send('twilio', twilioRefusal(it)))).toEqual(throttled(it));
  });

  it.each<[number, number]>([
    [20003, 401],
    [20005, 403],
    [20404, 404],
    [21703, 400],
    [30002, 400],
  ])('tells %s as the account’s', async (it, status) => {
    expect(await faultOf(send('twilio', twilioRefusal(it, status)))).toEqual(account(it));
  });

  it.each([21212, 21606, 21659, 99999])('does not know whether %s is about the number', async (it) => {
    expect(await faultOf(send('twilio', twilioRefusal(it)))).toEqual(unclear(it));
  });

  it('does not take a refusal without a code for one', async () => {
    expect(await faultOf(send('twilio', reply(404, html)))).toEqual(unintelligible(404));
  });
});

describe('Vonage', () => {
  const sent = {
    ...{ api_key: 'abcd1234', api_secret: 'vonage-secret', from: 'HODI', to: '255679190720', text, type: 'text' },
    ...{ ttl: '300000', 'client-ref': sms.id },
  };
  const callback = (query = '') => ({
    callback: `${publicUrl}/api/sms/receipts/vonage/${query}`,
    'status-report-req': '1',
  });
  const signed = { VONAGE_SIGNATURE_SECRET: vonageSecret };

  it.each<[string, NodeJS.ProcessEnv, Partial<Sms>, object]>([
    ['for no receipts', {}, {}, {}],
    ['for no receipts where neither token nor signature would prove them', { PUBLIC_URL: publicUrl }, {}, {}],
    ['for receipts that bring the token', receiptsWanted, {}, callback(`?token=${receiptToken}`)],
    ['for receipts that are signed, without the token', { ...receiptsWanted, ...signed }, {}, callback()],
    ['that marks Unicode', {}, { text: arabic }, { type: 'unicode', text: arabic }],
    ['that lives as long as the code', {}, { ttlSeconds: 21 }, { ttl: '21000' }],
    ['that lives as short as can be told', {}, { ttlSeconds: 3 }, { ttl: '20000' }],
  ])('is sent a form %s', async (_what, env, more, differing) => {
    await send('vonage', vonageReply(vonageTaken), env, more);
    const call = theCall();
    expect(call).toMatchObject({
      path: '/sms/json',
      headers: { accept: 'application/json', 'content-type': form },
    });
    expect(fields(call)).toEqual({ ...sent, ...differing });
  });

  it('gives back the id of the first of several parts', async () => {
    const parts = [vonageTaken, { ...vonageTaken, 'message-id': 'second' }];
    expect(await send('vonage', vonageReply(...parts))).toBe('0A0000000123ABCD1');
  });

  it.each<[string, Answer, Fault]>([
    ['an unroutable number', vonageReply({ status: '6' }), refused(6)],
    ['a barred number', vonageReply({ status: '7' }), refused(7)],
    ['a deactivated number', vonageReply({ status: '33' }), refused(33)],
    ['a part of several that is refused', vonageReply(vonageTaken, { status: '7' }), refused(7)],
    ['a wish for peace', vonageReply({ status: '1', 'error-text': 'Throttled' }), throttled(1, 1)],
    ['too many connections', vonageReply({ status: '10' }), throttled(10, 1)],
    ['an internal error', vonageReply({ status: '5' }), outOfOrder(5)],
    ['a missing field', vonageReply({ status: '2', 'error-text': 'Missing to param' }), unclear(2)],
    ['a wrong key', vonageReply({ status: '4' }), account(4)],
    ['a barred account', vonageReply({ status: '8' }), account(8)],
    ['no credit', vonageReply({ status: '9' }), account(9)],
    ['a sender that may not be', vonageReply({ status: '15' }), unclear(15)],
    ['an invalid field', vonageReply({ status: '3' }), unclear(3)],
    ['a text that is too long', vonageReply({ status: '12' }), refused(12)],
    ['a status that is a number', vonageReply({ status: 29 }), refused(29)],
    ['401', reply(401, { title: 'Unauthorized' }), account(401)],
  ])('tells %s', async (_what, answer, fault) => {
    expect(await faultOf(send('vonage', answer))).toEqual(fault);
  });
});

describe('Infobip', () => {
  const [taken] = taking.infobip;
  const webhooks = {
    delivery: { url: `${publicUrl}/api/sms/receipts/infobip/?token=${receiptToken}` },
    contentType: 'application/json',
  };

  it.each<[string, NodeJS.ProcessEnv, Partial<Sms>, minutes: number, object]>([
    ['for no receipts', {}, {}, 5, {}],
    ['for no receipts where no token would prove them', { PUBLIC_URL: publicUrl }, {}, 5, {}],
    ['for receipts that bring the token', receiptsWanted, {}, 5, { webhooks }],
    ['of Arabic', {}, { text: arabic }, 5, { content: { text: arabic } }],
    ['that lives as long as the code, in whole minutes', {}, { ttlSeconds: 61 }, 2, {}],
    ['to an address with a slash at its end', { INFOBIP_URL: 'slash' }, {}, 5, {}],
  ])('is sent JSON %s', async (_what, { INFOBIP_URL, ...env }, more, amount, differing) => {
    await send('infobip', taken, { ...env, ...(INFOBIP_URL && { INFOBIP_URL: `${server.url}/` }) }, more);
    const call = theCall();
    expect(call).toMatchObject({
      path: '/sms/3/messages',
      headers: {
        authorization: 'App infobip-key',
        accept: 'application/json',
        'content-type': 'application/json',
      },
    });
    const message = {
      sender: 'HODI',
      destinations: [{ to: '255679190720', messageId: sms.id }],
      content: { text },
      options: { validityPeriod: { amount, timeUnit: 'MINUTES' } },
    };
    expect(JSON.parse(call.body)).toEqual({ messages: [{ ...message, ...differing }] });
  });

  it.each([
    ['PENDING_WAITING_DELIVERY', 1, 3],
    ['PENDING_ENROUTE', 1, 7],
    ['PENDING_ACCEPTED', 1, 26],
    ['DELIVERED_TO_HANDSET', 3, 5],
    ['REJECTED_DUPLICATE_MESSAGE_ID, of what it took before', 5, 23],
  ])('takes a text with %s', async (_what, groupId, id) => {
    expect(await send('infobip', infobipReply(groupId, id))).toBe(sms.id);
  });

  it.each<[string, Answer, Fault]>([
    ['REJECTED_PREFIX_MISSING', infobipReply(5, 8), refused(8)],
    ['REJECTED_DND', infobipReply(5, 10), refused(10)],
    ['REJECTED_DESTINATION_BLOCKLISTED', infobipReply(5, 14), refused(14)],
    ['MISSING_TO', infobipReply(5, 51), refused(51)],
    ['REJECTED_DESTINATION', infobipReply(5, 52), refused(52)],
    ['UNDELIVERABLE_NOT_DELIVERED', infobipReply(2, 9), refused(9)],
    ['REJECTED_FLOODING_FILTER', infobipReply(5, 20), throttled(20)],
    ['REJECTED_SYSTEM_ERROR', infobipReply(5, 21), outOfOrder(21)],
    ['REJECTED_NETWORK', infobipReply(5, 6), refused(6)],
    ['REJECTED_SENDER', infobipReply(5, 13), unclear(13)],
    ['REJECTED_NOT_ENOUGH_CREDITS', infobipReply(5, 12), account(12)],
    ['REJECTED_DESTINATION_NOT_REGISTERED', infobipReply(5, 18), refused(18)],
    ['REJECTED_ROUTE_NOT_AVAILABLE', infobipReply(5, 19), refused(19)],
    ['EXPIRED_EXPIRED', infobipReply(4, 15), unclear(15)],
    ['a wrong key', reply(401, { requestError: { serviceException: { messageId: 'UNAUTHORIZED' } } }), account(401)],
    ['a bad request', reply(400, { errorCode: 'E400', description: 'Request cannot be processed.' }), unclear(400)],
    ['a key that may not send', reply(403, { requestError: {} }), account(403)],
  ])('tells %s', async (_what, answer, fault) => {
    expect(await faultOf(send('infobip', answer))).toEqual(fault);
  });
});

describe('Amazon SNS', () => {
  const entry = (index: number, name: string, value: string) => ({
    [`MessageAttributes.entry.${index}.Name`]: name,
    [`MessageAttributes.entry.${index}.Value.DataType`]: 'String',
    [`MessageAttributes.entry.${index}.Value.StringValue`]: value,
  });
  const hex = (bytes: string) => createHash('sha256').update(bytes).digest('hex');
  const keyed = (key: string | Buffer, bytes: string) => createHmac('sha256', key).update(bytes).digest();

  /** AWS Signature Version 4, as docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html says. */
  function authorizationOf({ headers, body }: ProviderRequest, signedHeaders: string): string {
    const canonicalHeaders = signedHeaders.split(';').map((name) => `${name}:${String(headers[name])}\n`);
    const canonical = ['POST', '/', '', canonicalHeaders.join(''), signedHeaders, hex(body)].join('\n');
    const scope = ['20260601', 'eu-west-1', 'sns', 'aws4_request'];
    const toSign = ['AWS4-HMAC-SHA256', '20260601T120000Z', scope.join('/'), hex(canonical)].join('\n');
    const key = scope.reduce<string | Buffer>(keyed, 'AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY');
    const signature = keyed(key, toSign).toString('hex');
    const credential = ['AKIDEXAMPLE', ...scope].join('/');
    return `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signedHeaders}, Signature=${signature}`;
  }

  it.each<[string, NodeJS.ProcessEnv, Partial<Sms>, string, object]>([
    ['without a sender', {}, {}, 'host;x-amz-date', {}],
    ['with a sender', { SNS_SENDER: 'HODI' }, {}, 'host;x-amz-date', entry(2, 'AWS.SNS.SMS.SenderID', 'HODI')],
    ['of Arabic', {}, { text: arabic }, 'host;x-amz-date', { Message: arabic }],
    ['with a session', { AWS_SESSION_TOKEN: 'session+/=' }, {}, 'host;x-amz-date;x-amz-security-token', {}],
    ['the same with receipts, which it has none of', receiptsWanted, {}, 'host;x-amz-date', {}],
  ])('is sent a signed form, %s', async (_what, env, more, signedHeaders, differing) => {
    await send('sns', reply(200, snsTaken), env, more);
    const call = theCall();
    expect(call).toMatchObject({
      path: '/',
      headers: {
        host: new URL(server.url).host,
        authorization: authorizationOf(call, signedHeaders),
        'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
        'x-amz-date': '20260601T120000Z',
      },
    });
    expect(call.headers['x-amz-security-token']).toBe(env.AWS_SESSION_TOKEN);
    expect(fields(call)).toEqual({
      ...{ Action: 'Publish', Version: '2010-03-31', PhoneNumber: sms.to, Message: text },
      ...entry(1, 'AWS.SNS.SMS.SMSType', 'Transactional'),
      ...differing,
    });
  });

  it.each<[string, Answer, Fault]>([
    ['a number that is none', snsRefusal('InvalidParameter', snsNoNumber), refused('InvalidParameter')],
    ['a number that wants no texts', snsRefusal('OptedOut'), refused('OptedOut')],
    ['another parameter', snsRefusal('InvalidParameter', 'Invalid parameter: Message'), unclear('InvalidParameter')],
    ['a number in another word', snsRefusal('ValidationError', snsNoNumber), unclear('ValidationError')],
    ['Throttling', snsRefusal('Throttling', 'Rate exceeded'), throttled('Throttling')],
    ['ThrottlingException', snsRefusal('ThrottlingException'), throttled('ThrottlingException')],
    ['Throttled', snsRefusal('Throttled'), throttled('Throttled')],
    ['RequestLimitExceeded', snsRefusal('RequestLimitExceeded'), throttled('RequestLimitExceeded')],
    ['no permission', snsRefusal('AuthorizationError', 'No.', 403), account('AuthorizationError')],
    ['a wrong signature', snsRefusal('SignatureDoesNotMatch', 'No.', 403), account('SignatureDoesNotMatch')],
    ['trouble of its own', snsRefusal('InternalError', 'No.', 500), outOfOrder(500)],
    ['a refusal without a code', reply(403, html), unintelligible(403)],
    ['a refusal that holds an id', reply(400, snsTaken), unintelligible(400)],
  ])('tells %s', async (_what, answer, fault) => {
    expect(await faultOf(send('sns', answer))).toEqual(fault);
  });
});

describe('Kannel', () => {
  const callback = `${publicUrl}/api/sms/receipts/kannel/?id=${sms.id}&token=${receiptToken}&status=%d`;
  const report = { 'x-kannel-dlr-url': callback, 'x-kannel-dlr-mask': '19' };

  it.each<[string, NodeJS.ProcessEnv, Partial<Sms>, Record<string, string>]>([
    ['alone', {}, {}, {}],
    ['with a sender', { KANNEL_SENDER: 'HODI' }, {}, { 'x-kannel-from': 'HODI' }],
    ['for a centre', { KANNEL_SMSC: 'vodacom' }, {}, { 'x-kannel-smsc': 'vodacom' }],
    ['for no receipts where no token would prove them', { PUBLIC_URL: publicUrl }, {}, {}],
    ['for receipts that bring the token', receiptsWanted, {}, report],
    ['marked as Unicode', {}, { text: arabic }, { 'x-kannel-coding': '2' }],
    ['that lives as long as the code, in whole minutes', {}, { ttlSeconds: 61 }, { 'x-kannel-validity': '2' }],
  ])('is sent a text %s, with all about it in headers', async (_what, env, more, differing) => {
    await send('kannel', reply(202, '0: Accepted for delivery'), env, more);
    const { path, headers, body } = theCall();
    expect([path, headers['content-type'], body]).toEqual([
      '/cgi-bin/sendsms',
      'text/plain; charset=UTF-8',
      more.text ?? text,
    ]);
    const ofKannel = Object.entries(headers).filter(([name]) => name.startsWith('x-kannel-'));
    expect(Object.fromEntries(ofKannel)).toEqual({
      'x-kannel-username': 'hodi',
      'x-kannel-password': 'kannel-password',
      'x-kannel-to': sms.to,
      'x-kannel-coding': '0',
      'x-kannel-validity': '5',
      ...differing,
    });
  });

  it('takes a text for later', async () => {
    expect(await send('kannel', reply(202, '3: Queued for later delivery'))).toBeUndefined();
  });

  it.each<[string, Answer, Fault]>([
    ['no route', reply(403, 'Not routable. Do not try again.'), refused('not_routable')],
    ['a wrong password', reply(403, 'Authorization failed for sendsms'), account(403)],
    ['a missing sender', reply(400, 'Sender missing and no global set, rejected'), unclear(400)],
    [
      'a number on its lists',
      reply(403, 'Number(s) has/have been denied by white- and/or black-lists.'),
      refused('denied'),
    ],
    ['a type it does not take', reply(415, 'Unsupported content-type, rejected'), unclear(415)],
    ['that sending failed', reply(500, 'Sending failed.'), outOfOrder(500)],
    ['trouble for a while', reply(503, 'Temporal failure, try again later.'), outOfOrder(503)],
  ])('tells %s', async (_what, answer, fault) => {
    expect(await faultOf(send('kannel', answer))).toEqual(fault);
  });
});

describe('a webhook', () => {
  it.each<[string, string, NodeJS.ProcessEnv]>([
    ['a text', text, {}],
    ['Arabic', arabic, {}],
    ['the same with receipts', text, receiptsWanted],
  ])('is sent %s, signed as Standard Webhooks says', async (_what, words, env) => {
    await send('webhook', reply(200), env, { text: words });
    const { path, headers, body } = theCall();
    const seconds = '1780315200';
    const key = Buffer.from(webhookSecret.slice('whsec_'.length), 'base64');
    const signature = createHmac('sha256', key).update(`${sms.id}.${seconds}.${body}`).digest('base64');
    expect([path, headers]).toMatchObject([
      '/texts?from=hodi',
      {
        'content-type': 'application/json',
        'webhook-id': sms.id,
        'webhook-timestamp': seconds,
        'webhook-signature': `v1,${signature}`,
      },
    ]);
    expect(JSON.parse(body)).toEqual({
      type: 'sms.send',
      timestamp: '2026-06-01T12:00:00.250Z',
      data: { id: sms.id, to: sms.to, text: words, ttl_seconds: 300 },
    });
  });

  it.each([200, 201, 202, 204])('takes a text with status %s', async (status) => {
    expect(await send('webhook', reply(status))).toBeUndefined();
  });

  it.each<[number, Fault]>([
    [400, refused(400)],
    [410, refused(410)],
    [422, refused(422)],
    [401, account(401)],
    [403, unclear(403)],
    [404, unclear(404)],
  ])('tells %s', async (status, fault) => {
    expect(await faultOf(send('webhook', reply(status)))).toEqual(fault);
  });
});

it('reads an answer that comes in two parts', async () => {
  expect(await send('twilio', inTwoParts(201, { sid: 'SM1', status: 'queued' }))).toBe('SM1');
});
