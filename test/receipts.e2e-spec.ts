import { createHash, createHmac } from 'node:crypto';
import type { Repository } from 'typeorm';
import { MalformedBody } from '../src/error/refusal';
import { ReceiptDoor } from '../src/sms/receipt-door';
import { SmsDispatcher } from '../src/dispatch/sms-dispatcher';
import { SmsMessage } from '../src/sms/sms-message.entity';
import { SmsQueue } from '../src/sms/sms-queue';
import type { ReceiptRequest } from '../src/sms/sms-receipt';
import { TwilioTransport } from '../src/sms/transport/twilio.transport';
import { VonageTransport } from '../src/sms/transport/vonage.transport';
import { WebhookTransport } from '../src/sms/transport/webhook.transport';
import { databases, sqlite } from './support/databases';
import { FakeClock } from './support/fake-clock';
import type { HttpReply, HttpRequest } from './support/http-client';
import { codeIn } from './support/inbox';
import {
  providerEnvironment,
  ProviderServer,
  receiptToken,
  reply,
  vonageSecret,
  webhookSecret,
  type Answer,
  type ProviderRequest,
} from './simulator/provider-server';
import { TestApp } from './support/test-app';

type Name = 'africastalking' | 'beem' | 'twilio' | 'vonage' | 'infobip' | 'kannel' | 'webhook';
type Fields = Record<string, string>;
type Outcome = 'delivered' | 'failed' | 'pending';

/** With a path, which a proxy takes away again. */
const publicUrl = 'https://sms.hodi.test/door';

/** A number of the country whose texts go this way. */
const phones = {
  africastalking: '+255679190720',
  beem: '+254712123456',
  twilio: '+256712345678',
  vonage: '+250720123456',
  infobip: '+447400123456',
  kannel: '+2348021234567',
  webhook: '+27711234567',
  sns: '+201001234567',
  console: '+258821234567',
  'twilio>infobip': '+233231234567',
  'kannel>africastalking': '+260955123456',
} as const;
const countries: Record<keyof typeof phones, string> = {
  africastalking: 'TZ',
  beem: 'KE',
  twilio: 'UG',
  vonage: 'RW',
  infobip: 'GB',
  kannel: 'NG',
  webhook: 'ZA',
  sns: 'EG',
  console: 'MZ',
  'twilio>infobip': 'GH',
  'kannel>africastalking': 'ZM',
};
const routes = Object.entries(countries).map(([transports, country]) => `${country}:${transports}`);

const server = new ProviderServer();
beforeAll(() => server.start());
afterAll(() => server.stop());

let taken = 0;

/** Takes every text, each provider as its documentation says. */
const take: Answer = (response, request) => {
  taken += 1;
  const answers: [string, Answer][] = [
    [
      '/version1/',
      reply(201, { SMSMessageData: { Message: '', Recipients: [{ statusCode: 101, messageId: `ATPid_${taken}` }] } }),
    ],
    ['/v1/send', reply(200, { successful: true, request_id: taken, code: 100, valid: 1 })],
    ['/2010-04-01/', reply(201, { sid: `SM${taken}` })],
    ['/sms/json', reply(200, { messages: [{ status: '0', 'message-id': `0A${taken}` }] })],
    ['/sms/3/', reply(200, { messages: [{ messageId: 'theirs', status: { groupId: 1, id: 26 } }] })],
    ['/cgi-bin/', reply(202, '0: Accepted for delivery')],
    ['/texts', reply(204)],
    ['/', reply(200, `<PublishResult><MessageId>sns-${taken}</MessageId></PublishResult>`)],
  ];
  answers.find(([path]) => request.path.startsWith(path))![1](response, request);
};

const environment = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  SMS_ROUTES: routes.join(','),
  PUBLIC_URL: publicUrl,
  SMS_RECEIPT_TOKEN: receiptToken,
  VONAGE_SIGNATURE_SECRET: vonageSecret,
  ...Object.fromEntries(Object.values(providerEnvironment(server.url)).flatMap((it) => Object.entries(it))),
  ...more,
});

/** A text that a provider took. */
interface Text {
  /** What the client was told. */
  id: string;
  /** What the provider was told. */
  call: ProviderRequest;
  /** What the provider calls it. */
  providerId: string | null;
}

const receiptsPath = (name: string, query = '') => `/api/sms/receipts/${name}/${query}`;
const withToken = (name: string, token = receiptToken) => receiptsPath(name, `?token=${token}`);
/** Where the service is asked for what the provider asks the world for. */
const path = (url: string | undefined) => url!.slice(publicUrl.length);
const formOf = ({ body }: ProviderRequest): Fields => Object.fromEntries(new URLSearchParams(body));

const postForm = (where: string, fields: Fields, headers: Fields = {}): HttpRequest => ({
  method: 'POST',
  path: where,
  headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
  body: new URLSearchParams(fields).toString(),
});
const postJson = (where: string, body: unknown, headers: Fields = {}): HttpRequest => ({
  method: 'POST',
  path: where,
  headers: { 'Content-Type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

/** twilio.com/docs/usage/security: the URL, and all fields by name. */
function twilioSignature(url: string, fields: Fields, token = 'twilio-token'): string {
  const sorted = Object.entries(fields).sort(([one], [other]) => (one < other ? -1 : 1));
  return createHmac('sha1', token)
    .update(url + sorted.flat().join(''))
    .digest('base64');
}

function twilioReceipt(url: string, fields: Fields, signature = twilioSignature(url, fields)): HttpRequest {
  return postForm(path(url), fields, { 'X-Twilio-Signature': signature });
}

type VonageMethod = 'sha256' | 'sha512' | 'md5hash';

/** developer.vonage.com, signed webhooks: fields by name, with their separators in values replaced. */
function vonageSigned(fields: Fields, method: VonageMethod = 'sha256', secret = vonageSecret): Fields {
  const names = Object.keys(fields).sort();
  const text = names.map((name) => `&${name}=${fields[name]!.replace(/[&=]/g, '_')}`).join('');
  const hash = method === 'md5hash' ? createHash('md5').update(text + secret) : createHmac(method, secret).update(text);
  return { ...fields, sig: hash.digest('hex').toUpperCase() };
}

const vonageFields = (text: Text, status: string, timestamp: Date): Fields => ({
  msisdn: '250720123456',
  to: 'HODI',
  'network-code': '63510',
  messageId: text.providerId ?? '',
  price: '0.0333&0=0',
  status,
  scts: '2606011200',
  'err-code': status === 'delivered' ? '0' : '9',
  'api-key': 'abcd1234',
  'client-ref': formOf(text.call)['client-ref']!,
  'message-timestamp': '2026-06-01 12:00:00',
  timestamp: String(Math.floor(timestamp.getTime() / 1000)),
  nonce: 'ec11dd3e-0b7c-4f0e-a7b8-1c2d3e4f5a6b',
});

const infobipResult = (messageId: string, groupId: number, id: number) => ({
  ...{ bulkId: '4479', messageId, to: '447400123456', sender: 'HODI', messageCount: 1 },
  status: { groupId, groupName: 'GROUP', id, name: 'NAME', description: 'Words' },
  error: { groupId: 0, groupName: 'OK', id: 0, name: 'NO_ERROR', description: 'No Error', permanent: false },
});
const infobipUrl = ({ call }: Text) =>
  (JSON.parse(call.body) as { messages: [{ webhooks: { delivery: { url: string } } }] }).messages[0].webhooks.delivery
    .url;
const infobipId = ({ call }: Text) =>
  (JSON.parse(call.body) as { messages: [{ destinations: [{ messageId: string }] }] }).messages[0].destinations[0]
    .messageId;

const webhookId = ({ call }: Text) => (JSON.parse(call.body) as { data: { id: string } }).data.id;
const secondsNow = () => Math.floor(Date.now() / 1000);

/** Standard Webhooks, symmetric: standardwebhooks.com. */
function webhookHeaders(body: string, seconds = secondsNow(), secret = webhookSecret): Fields {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const signature = createHmac('sha256', key).update(`msg_1.${seconds}.${body}`).digest('base64');
  return { 'webhook-id': 'msg_1', 'webhook-timestamp': String(seconds), 'webhook-signature': `v1,${signature}` };
}

function webhookReceipt(data: object, type = 'sms.receipt'): HttpRequest {
  const body = { type, timestamp: '2026-06-01T12:00:01Z', data };
  return postJson(receiptsPath('webhook'), body, webhookHeaders(JSON.stringify(body)));
}

const twilioFields = (text: Text, status: string, more: Fields = {}): Fields => ({
  SmsSid: text.providerId ?? '',
  SmsStatus: status,
  MessageStatus: status,
  To: formOf(text.call).To!,
  MessageSid: text.providerId ?? '',
  AccountSid: 'AC0123456789abcdef0123456789abcdef',
  From: '+15005550006',
  ApiVersion: '2010-04-01',
  ...more,
});

const without = (fields: Fields, name: string): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([it]) => it !== name));

interface Provider {
  /** As the provider tells it; the status is in its own words. */
  receipt: (text: Text, status: string, now: Date) => HttpRequest;
  /** The provider's words, and the reason that is kept of a failure. */
  statuses: readonly (readonly [status: string, outcome: Outcome, reason?: string])[];
}

const providers: Readonly<Record<Name, Provider>> = {
  africastalking: {
    receipt: ({ providerId }, status) =>
      postForm(withToken('africastalking'), {
        ...{ id: providerId!, status, phoneNumber: phones.africastalking, networkCode: '63902', retryCount: '0' },
        ...(status === 'Rejected' && { failureReason: 'UserInBlackList' }),
      }),
    statuses: [
      ['Success', 'delivered'],
      ['Failed', 'failed', 'not_delivered:Failed'],
      ['Rejected', 'failed', 'not_delivered:UserInBlackList'],
      ['AbsentSubscriber', 'failed', 'not_delivered:AbsentSubscriber'],
      ['Expired', 'failed', 'not_delivered:Expired'],
      ['Sent', 'pending'],
      ['Submitted', 'pending'],
      ['Buffered', 'pending'],
      ['Whatever', 'pending'],
    ],
  },
  beem: {
    receipt: ({ providerId }, Status) =>
      postJson(withToken('beem'), {
        ...{ request_id: Number(providerId), recipient_id: 1, dest_addr: '254712123456', Status },
      }),
    statuses: [
      ['DELIVERED', 'delivered'],
      ['UNDELIVERED', 'failed', 'not_delivered:UNDELIVERED'],
      ['failed', 'failed', 'not_delivered:failed'],
      ['REJECTED', 'failed', 'not_delivered:REJECTED'],
      ['EXPIRED', 'failed', 'not_delivered:EXPIRED'],
      ['PENDING', 'pending'],
      ['WHATEVER', 'pending'],
    ],
  },
  twilio: {
    receipt: (text, status) =>
      twilioReceipt(
        formOf(text.call).StatusCallback!,
        twilioFields(text, status, status === 'undelivered' ? { ErrorCode: '30005' } : {}),
      ),
    statuses: [
      ['delivered', 'delivered'],
      ['read', 'delivered'],
      ['undelivered', 'failed', 'not_delivered:30005'],
      ['failed', 'failed', 'not_delivered:failed'],
      ['canceled', 'failed', 'not_delivered:canceled'],
      ...['accepted', 'scheduled', 'queued', 'sending', 'sent', 'partially_delivered', 'whatever'].map(
        (it) => [it, 'pending'] as const,
      ),
    ],
  },
  vonage: {
    receipt: (text, status, now) =>
      postForm(path(formOf(text.call).callback), vonageSigned(vonageFields(text, status, now))),
    statuses: [
      ['delivered', 'delivered'],
      ['expired', 'failed', 'not_delivered:9'],
      ['failed', 'failed', 'not_delivered:9'],
      ['rejected', 'failed', 'not_delivered:9'],
      ['accepted', 'pending'],
      ['buffered', 'pending'],
      ['unknown', 'pending'],
    ],
  },
  infobip: {
    receipt: (text, status) => {
      const [groupId, id] = status.split(' ').map(Number) as [number, number];
      return postJson(path(infobipUrl(text)), { results: [infobipResult(infobipId(text), groupId, id)] });
    },
    statuses: [
      ['3 5 DELIVERED_TO_HANDSET', 'delivered'],
      ['2 9 UNDELIVERABLE_NOT_DELIVERED', 'failed', 'not_delivered:9'],
      ['4 15 EXPIRED_EXPIRED', 'failed', 'not_delivered:15'],
      ['5 6 REJECTED_NETWORK', 'failed', 'not_delivered:6'],
      ['3 2 DELIVERED_TO_OPERATOR', 'pending'],
      ['1 7 PENDING_ENROUTE', 'pending'],
      ['0 0 OK', 'pending'],
    ],
  },
  kannel: {
    receipt: ({ call }, status) => ({
      method: 'GET',
      path: path(call.headers['x-kannel-dlr-url'] as string).replace('%d', status),
    }),
    statuses: [
      ['1', 'delivered'],
      ['2', 'failed', 'not_delivered:2'],
      ['16', 'failed', 'not_delivered:16'],
      ['34', 'failed', 'not_delivered:34'],
      ['4', 'pending'],
      ['8', 'pending'],
    ],
  },
  webhook: {
    receipt: (text, status) =>
      webhookReceipt({ id: webhookId(text), status, ...(status === 'failed' && { reason: 'no_such_number' }) }),
    statuses: [
      ['delivered', 'delivered'],
      ['failed', 'failed', 'not_delivered:no_such_number'],
      ['pending', 'pending'],
    ],
  },
};
const names = Object.keys(providers) as Name[];
const wordFor = (name: Name, outcome: Outcome) => providers[name].statuses.find(([, it]) => it === outcome)![0];
const told = { delivered: 'delivered', failed: 'failed', pending: 'sent' } as const;

function expectTaken(...replies: HttpReply[]): void {
  for (const { status, headers, text } of replies)
    expect([status, headers['content-type'], text]).toEqual([200, 'application/json', '{}']);
}

function expectRefused({ status, headers, text }: HttpReply, wanted: number, body: object): void {
  expect([status, headers['content-type'], text]).toEqual([wanted, 'application/json', JSON.stringify(body)]);
}

const notAuthentic = { detail: 'This receipt is not authentic.', code: 'receipt_not_authentic' };
const notFound = { detail: 'Not found.' };

/** An application with providers, and what a client and a provider do to it. */
class Receiving {
  private constructor(
    readonly test: TestApp,
    readonly messages: Repository<SmsMessage>,
  ) {}

  static async start(...args: Parameters<typeof TestApp.start>): Promise<Receiving> {
    const test = await TestApp.start(...args);
    return new Receiving(test, test.dataSource.getRepository(SmsMessage));
  }

  async reset(): Promise<void> {
    await this.test.reset();
    server.forget();
    server.answer(take);
  }

  /** Asks for a code, and waits until the text is with a provider. */
  async sent(way: keyof typeof phones, phone: string = phones[way]): Promise<Text> {
    const { status, text } = await this.test.requestOtp(phone);
    expect(status).toBe(200);
    await this.test.textsSent();
    const { request_id: id } = JSON.parse(text) as { request_id: string };
    const { providerId } = await this.message(id);
    return { id, call: server.requests.at(-1)!, providerId };
  }

  message(id: string): Promise<SmsMessage> {
    return this.messages.findOneByOrFail({ id });
  }

  /** What a client is told of its request. */
  async status({ id }: Text): Promise<string> {
    const reply = await this.test.send({ method: 'GET', path: `/api/account/request-otp/${id}/` });
    return (JSON.parse(reply.text) as { status: string }).status;
  }

  report(name: Name, text: Text, outcome: Outcome): Promise<HttpReply> {
    return this.test.send(providers[name].receipt(text, wordFor(name, outcome), this.test.clock.now()));
  }
}

type Call = (text: Text, now: Date) => HttpRequest;

const ofName = (name: Name, outcome: Outcome, text: Text, now: Date) =>
  providers[name].receipt(text, wordFor(name, outcome), now);
const later = (now: Date, seconds: number) => new Date(now.getTime() + seconds * 1000);

/** Calls of whoever knows where receipts go and what they look like, but not what proves them. */
const forgeries: [Name, string, Call][] = [
  ...(['africastalking', 'beem', 'infobip', 'kannel'] as const).flatMap((name) =>
    (
      [
        ['no token', 'other=1'],
        ['an empty token', 'token='],
        ['a token that ends otherwise', `token=${receiptToken.slice(0, -1)}u`],
        ['the beginning of the token', `token=${receiptToken.slice(0, -1)}`],
        ['the token twice', `token=${receiptToken}&token=${receiptToken}`],
      ] as const
    ).map(([what, query]): [Name, string, Call] => [
      name,
      what,
      (text, now) => {
        const request = ofName(name, 'delivered', text, now);
        return { ...request, path: request.path.replace(/token=[\w-]+/, query) };
      },
    ]),
  ),
  [
    'twilio',
    'no signature, but the token',
    ({ call }) =>
      postForm(`${path(formOf(call).StatusCallback)}&token=${receiptToken}`, { MessageStatus: 'delivered' }),
  ],
  ...(
    [
      ['a signature under another key', (url, fields) => twilioReceipt(url, fields, twilioSignature(url, fields, 'x'))],
      ['a signature of another URL', (url, fields) => twilioReceipt(url, fields, twilioSignature(`${url}&a`, fields))],
      [
        'a signature of the URL behind the proxy',
        (url, fields) => twilioReceipt(url, fields, twilioSignature(path(url), fields)),
      ],
      [
        'a field that was added',
        (url, fields) => twilioReceipt(url, { ...fields, Added: '1' }, twilioSignature(url, fields)),
      ],
      [
        'a field that was changed',
        (url, fields) => twilioReceipt(url, fields, twilioSignature(url, { ...fields, MessageStatus: 'sent' })),
      ],
      [
        'a field that was taken away',
        (url, fields) => twilioReceipt(url, fields, twilioSignature(url, { ...fields, Zone: '1' })),
      ],
    ] as [string, (url: string, fields: Fields) => HttpRequest][]
  ).map(([what, request]): [Name, string, Call] => [
    'twilio',
    what,
    (text) => request(formOf(text.call).StatusCallback!, twilioFields(text, 'delivered')),
  ]),
  ...(
    [
      ['no signature, but the token', (fields) => fields],
      ['a signature under another key', (fields) => vonageSigned(fields, 'sha256', 'another-signature-secret')],
      ['a signature by another method', (fields) => vonageSigned(fields, 'sha512')],
      ['a field that was added', (fields) => ({ ...vonageSigned(fields), added: '1' })],
      [
        'a field that was changed',
        (fields) => ({ ...vonageSigned({ ...fields, status: 'failed' }), status: 'delivered' }),
      ],
      ['no time', (fields) => vonageSigned(without(fields, 'timestamp'))],
      ['an empty time', (fields) => vonageSigned({ ...fields, timestamp: '' })],
    ] as [string, (fields: Fields) => Fields][]
  ).map(([what, forge]): [Name, string, Call] => [
    'vonage',
    what,
    (text, now) => postForm(withToken('vonage'), forge(vonageFields(text, 'delivered', now))),
  ]),
  ...([-301, 301] as const).map((seconds): [Name, string, Call] => [
    'vonage',
    `a time that is ${seconds} seconds from now`,
    (text, now) => ofName('vonage', 'delivered', text, later(now, seconds)),
  ]),
  ...(
    [
      ['no signature', () => ({})],
      ['a signature under another key', (body) => webhookHeaders(body, secondsNow(), `whsec_${'A'.repeat(32)}`)],
      ['a signature of long ago', (body) => webhookHeaders(body, secondsNow() - 310)],
      ['a signature of times to come', (body) => webhookHeaders(body, secondsNow() + 310)],
      [
        'a signature of another time',
        (body) => ({ ...webhookHeaders(body), 'webhook-timestamp': `${secondsNow() - 9}` }),
      ],
      ['a signature of another call', (body) => ({ ...webhookHeaders(body), 'webhook-id': 'msg_2' })],
      ['a signature of another body', (body) => webhookHeaders(body.replace('delivered', 'pending'))],
      [
        'a signature of another version',
        (body) => {
          const headers = webhookHeaders(body);
          return { ...headers, 'webhook-signature': headers['webhook-signature']!.replace('v1,', 'v2,') };
        },
      ],
    ] as [string, (body: string) => Fields][]
  ).map(([what, headers]): [Name, string, Call] => [
    'webhook',
    what,
    (text) => {
      const request = webhookReceipt({ id: webhookId(text), status: 'delivered' });
      return {
        ...request,
        path: withToken('webhook'),
        headers: { 'Content-Type': 'application/json', ...headers(request.body as string) },
      };
    },
  ]),
];

const idAndStatus = { detail: 'id and status are required.' };
const ofBeem = { detail: 'request_id and Status are required.' };
const ofTwilio = { detail: 'id and MessageStatus are required.' };
const ofVonage = { detail: 'client-ref and status are required.' };
const ofInfobip = { detail: 'results with messageId and status are required.' };
const ofWebhook = { detail: 'type sms.receipt, data.id and data.status are required.' };
const twilioUrl = `${publicUrl}${receiptsPath('twilio')}`;

/** What the provider sent, as far as can be told, and yet no receipt. */
const malformed: [Name, string, Call, object][] = [
  ['africastalking', 'no id', () => postForm(withToken('africastalking'), { status: 'Success' }), idAndStatus],
  ['africastalking', 'no status', () => postForm(withToken('africastalking'), { id: 'ATPid_1' }), idAndStatus],
  ['africastalking', 'nothing', () => postForm(withToken('africastalking'), {}), idAndStatus],
  ['beem', 'no id', () => postJson(withToken('beem'), { Status: 'DELIVERED' }), ofBeem],
  ['beem', 'no status', () => postJson(withToken('beem'), { request_id: 1 }), ofBeem],
  ['twilio', 'no id', () => twilioReceipt(twilioUrl, { MessageStatus: 'delivered' }), ofTwilio],
  ['twilio', 'no status', () => twilioReceipt(`${twilioUrl}?id=1`, { SmsStatus: 'delivered' }), ofTwilio],
  [
    'vonage',
    'no id',
    (text, now) =>
      postForm(receiptsPath('vonage'), vonageSigned(without(vonageFields(text, 'delivered', now), 'client-ref'))),
    ofVonage,
  ],
  [
    'vonage',
    'no status',
    (text, now) =>
      postForm(receiptsPath('vonage'), vonageSigned(without(vonageFields(text, 'delivered', now), 'status'))),
    ofVonage,
  ],
  ['infobip', 'no results', () => postJson(withToken('infobip'), {}), ofInfobip],
  ['infobip', 'a result of another shape', () => postJson(withToken('infobip'), { results: [{}] }), ofInfobip],
  [
    'infobip',
    'half a JSON',
    () => ({ ...postJson(withToken('infobip'), {}), body: '{"results":' }),
    { detail: 'JSON parse error - Expecting value: line 1 column 12 (char 11)' },
  ],
  ['kannel', 'no id', () => ({ method: 'GET', path: `${withToken('kannel')}&status=1` }), idAndStatus],
  ['kannel', 'no status', () => ({ method: 'GET', path: `${withToken('kannel')}&id=1` }), idAndStatus],
  [
    'kannel',
    'a word for a status',
    () => ({ method: 'GET', path: `${withToken('kannel')}&id=1&status=%25d` }),
    idAndStatus,
  ],
  ['webhook', 'another type', () => webhookReceipt({ id: '1', status: 'delivered' }, 'sms.other'), ofWebhook],
  ['webhook', 'no id', () => webhookReceipt({ status: 'delivered' }), ofWebhook],
  ['webhook', 'another status', () => webhookReceipt({ id: '1', status: 'read' }), ofWebhook],
];

/** Of texts that nobody has asked for. */
const unknown: Readonly<Record<Name, Call>> = {
  africastalking: (text, now) => ofName('africastalking', 'delivered', { ...text, providerId: 'ATPid_0' }, now),
  beem: (text, now) => ofName('beem', 'delivered', { ...text, providerId: '0' }, now),
  twilio: (text) => twilioReceipt(`${twilioUrl}?id=unknown`, twilioFields(text, 'delivered')),
  vonage: (text, now) => {
    const fields = { ...vonageFields(text, 'delivered', now), 'client-ref': 'unknown' };
    return postForm(receiptsPath('vonage'), vonageSigned(fields));
  },
  infobip: () => postJson(withToken('infobip'), { results: [infobipResult('unknown', 3, 5)] }),
  kannel: () => ({ method: 'GET', path: `${withToken('kannel')}&id=unknown&status=1` }),
  webhook: () => webhookReceipt({ id: 'unknown', status: 'delivered' }),
};

describe.each(databases)('receipts on $name', (database) => {
  let service: Receiving;

  beforeAll(async () => void (service = await Receiving.start(database, environment())));
  beforeEach(() => service.reset());
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => service.test.stop());

  const now = () => service.test.clock.now();

  describe.each(names)('of %s', (name) => {
    it.each(
      providers[name].statuses.map(([status, outcome, reason = null]) => [status, told[outcome], reason] as const),
    )('that say %s make a text %s', async (status, state, reason) => {
      const text = await service.sent(name);
      expect(await service.status(text)).toBe('sent');
      service.test.clock.advance(1);
      expectTaken(await service.test.send(providers[name].receipt(text, status, now())));
      expect(await service.status(text)).toBe(state);
      const finishedAt = state === 'sent' ? later(now(), -1) : now();
      expect(await service.message(text.id)).toMatchObject({ state, reason, finishedAt, dueAt: null });
    });

    it.each(['delivered', 'failed'] as const)('may come twice: %s', async (outcome) => {
      const text = await service.sent(name);
      const receipt = ofName(name, outcome, text, now());
      expectTaken(await service.test.send(receipt), await service.test.send(receipt));
      expect(await service.status(text)).toBe(outcome);
      expect(server.requests).toHaveLength(1);
    });

    it('are believed when they say delivered after failed, and not the other way round', async () => {
      const text = await service.sent(name);
      const states: string[] = [];
      for (const outcome of ['failed', 'pending', 'delivered', 'pending', 'failed', 'delivered'] as const) {
        service.test.clock.advance(1);
        expectTaken(await service.report(name, text, outcome));
        states.push(await service.status(text));
      }
      expect(states).toEqual(['failed', 'failed', 'delivered', 'delivered', 'delivered', 'delivered']);
      expect(await service.message(text.id)).toMatchObject({ reason: null, finishedAt: later(now(), -3) });
    });

    it('are of their own text only', async () => {
      const text = await service.sent(name);
      service.test.clock.advance(60);
      const other = await service.sent(name);
      await service.report(name, other, 'delivered');
      expect([await service.status(text), await service.status(other)]).toEqual(['sent', 'delivered']);
    });
  });

  it.each(forgeries)('of %s are refused with %s', async (name, _what, call) => {
    const text = await service.sent(name);
    expectRefused(await service.test.send(call(text, now())), 403, notAuthentic);
    expect(await service.status(text)).toBe('sent');
  });

  it.each([-300, 300])('of Vonage may be %s seconds from now', async (seconds) => {
    // Its times are whole seconds.
    service.test.clock.advance(-(now().getTime() % 1000) / 1000);
    const text = await service.sent('vonage');
    expectTaken(await service.test.send(ofName('vonage', 'delivered', text, later(now(), seconds))));
    expect(await service.status(text)).toBe('delivered');
  });

  it.each<[string, Name, Call]>([
    [
      'of Vonage by GET',
      'vonage',
      (text, at) => ({
        method: 'GET',
        path: receiptsPath(
          'vonage',
          `?${new URLSearchParams(vonageSigned(vonageFields(text, 'delivered', at))).toString()}`,
        ),
      }),
    ],
    [
      'of Vonage in JSON, signed in small letters',
      'vonage',
      (text, at) => {
        const fields = vonageSigned(vonageFields(text, 'delivered', at));
        return postJson(receiptsPath('vonage'), { ...fields, sig: fields.sig!.toLowerCase() });
      },
    ],
    [
      'of Africa’s Talking in JSON',
      'africastalking',
      ({ providerId }) => postJson(withToken('africastalking'), { id: providerId, status: 'Success' }),
    ],
    [
      'of Beem in a form, with a small status',
      'beem',
      ({ providerId }) => postForm(withToken('beem'), { request_id: providerId!, status: 'Delivered' }),
    ],
    [
      'of Twilio by GET',
      'twilio',
      ({ call }) => {
        const url = `${formOf(call).StatusCallback}&MessageStatus=delivered`;
        return { method: 'GET', path: path(url), headers: { 'X-Twilio-Signature': twilioSignature(url, {}) } };
      },
    ],
    [
      'of a webhook, one of whose keys is another',
      'webhook',
      (text) => {
        const request = webhookReceipt({ id: webhookId(text), status: 'delivered' });
        const signature = `v1,${Buffer.alloc(32).toString('base64')} ${request.headers!['webhook-signature']}`;
        return { ...request, headers: { ...request.headers, 'webhook-signature': signature } };
      },
    ],
  ])('are taken in the provider’s other forms: %s', async (_what, name, call) => {
    const text = await service.sent(name);
    expectTaken(await service.test.send(call(text, now())));
    expect(await service.status(text)).toBe('delivered');
  });

  it('of Infobip come many at a time, each for itself', async () => {
    const texts: Text[] = [];
    for (const digit of [6, 7, 8, 9]) texts.push(await service.sent('infobip', `+44740012345${digit}`));
    const [one, two, three] = texts.map(infobipId) as [string, string, string];
    const results = [
      infobipResult(one, 3, 5),
      infobipResult('unknown', 3, 5),
      infobipResult(two, 2, 9),
      infobipResult(three, 1, 7),
    ];
    expectTaken(await service.test.send(postJson(withToken('infobip'), { results })));
    const states = await Promise.all(texts.map((text) => service.status(text)));
    expect(states).toEqual(['delivered', 'failed', 'sent', 'sent']);
  });

  it('of texts that nobody knows are not found', async () => {
    const texts: Text[] = [];
    for (const name of names) texts.push(await service.sent(name));
    const calls = names.map((name, index) => unknown[name](texts[index]!, now()));
    const replies = await Promise.all(calls.map((call) => service.test.send(call)));
    replies.forEach((it) => expectRefused(it, 404, notFound));
    for (const text of texts) expect(await service.status(text)).toBe('sent');
  });

  it('of one provider do not reach a text of another by the other’s id', async () => {
    const text = await service.sent('beem');
    const { receipt } = providers.africastalking;
    expectRefused(await service.test.send(receipt(text, 'Success', now())), 404, notFound);
    expect(await service.status(text)).toBe('sent');
  });

  it('of one provider do not make a text of another fail', async () => {
    const text = await service.sent('twilio');
    const id = new URL(formOf(text.call).StatusCallback!).searchParams.get('id')!;
    expectTaken(await service.test.send(webhookReceipt({ id, status: 'failed' })));
    expect(await service.status(text)).toBe('sent');
  });

  it.each(['console', 'sns', 'smpp', 'file', 'pigeon', 'constructor', '%2F'])(
    'to %s, which has none or is not in use, are not found',
    async (name) => {
      const form = postForm(withToken(name), { id: '1', status: 'Success' });
      expectRefused(await service.test.send(form), 404, notFound);
      expectRefused(await service.test.send({ method: 'GET', path: form.path }), 404, notFound);
    },
  );

  it.each(malformed)('of %s are refused with %s', async (_name, _what, call, body) => {
    const text = await service.sent('vonage');
    expectRefused(await service.test.send(call(text, now())), 400, body);
  });

  it('of Infobip that are a list are refused', async () => {
    const faults = { non_field_errors: ['Invalid data. Expected a dictionary, but got list.'] };
    expectRefused(await service.test.send(postJson(withToken('infobip'), [])), 400, faults);
  });

  it.each(['africastalking', 'beem', 'infobip'] as const)('of %s are refused as plain text', async (name) => {
    const request = { ...postForm(withToken(name), { id: '1' }), headers: { 'Content-Type': 'text/plain' } };
    const body = { detail: 'Unsupported media type "text/plain" in request.' };
    expectRefused(await service.test.send(request), 415, body);
  });

  it('do not come by PUT', async () => {
    const reply = await service.test.send({ method: 'PUT', path: withToken('beem') });
    expectRefused(reply, 405, { detail: 'Method "PUT" not allowed.' });
    expect(reply.headers.allow).toBe('GET, POST, HEAD, OPTIONS');
  });

  it.each(['ATé', 'two words', 'x'.repeat(129), ''])('with %j for an id are of no text', async (id) => {
    const receipt = postForm(withToken('africastalking'), { id, status: 'Success' });
    expectRefused(await service.test.send(receipt), 404, notFound);
  });

  it('of 65,536 bytes are read: a provider may report of many texts at once', async () => {
    const report = (length: number) => `id=${'x'.repeat(length - 'id=&status=Success'.length)}&status=Success`;
    const call = (length: number) =>
      service.test.send({ ...postForm(withToken('africastalking'), {}), body: report(length) });
    expectRefused(await call(65_536), 404, { detail: 'Not found.' });
    expectRefused(await call(65_537), 413, { detail: 'Request body exceeds 65536 bytes.' });
  });

  it.each([
    ['africastalking', 'delivered'],
    ['africastalking', 'failed'],
    ['twilio', 'failed'],
  ] as const)('of %s may come before the answer that they are about: %s', async (name, outcome) => {
    const queue = service.test.app.get(SmsQueue);
    const record = queue.recordReceipt.bind(queue);
    const known: boolean[] = [];
    const recordedOnce = new Promise<void>((resolve) => {
      jest.spyOn(queue, 'recordReceipt').mockImplementation(async (...args) => {
        known.push(await record(...args));
        resolve();
        return known.at(-1)!;
      });
    });
    const early = new Promise<HttpReply>((resolve) => {
      server.answer((response, call) => {
        const text = { id: '', call, providerId: `ATPid_${taken + 1}` };
        resolve(service.report(name, text, outcome));
        void recordedOnce.then(() => take(response, call));
      });
    });
    const text = await service.sent(name);
    expectTaken(await early);
    expect([known[0], known.at(-1), await service.status(text)]).toEqual([false, true, outcome]);
  });

  it('that say delivered before the provider’s answer stay the last word', async () => {
    server.answer((response, call) => {
      void service.report('twilio', { id: '', call, providerId: '' }, 'delivered').then(() => take(response, call));
    });
    const text = await service.sent('twilio');
    expect(await service.status(text)).toBe('delivered');
  });

  it('leave nothing of a text, a number or a token in the log', async () => {
    const from = service.test.logged.length;
    const secret = ['token=', receiptToken, ...Object.values(phones).map((phone) => phone.slice(1))];
    for (const name of names) {
      const text = await service.sent(name);
      const code = codeIn(text.call.body);
      secret.push(code);
      await service.test.send({ ...ofName(name, 'failed', text, now()), path: receiptsPath(name, '?token=wrong') });
      if (name === 'africastalking') {
        const fields = { id: text.providerId!, status: 'Failed', failureReason: code };
        await service.test.send(postForm(withToken(name), fields));
        expect(await service.message(text.id)).toMatchObject({ state: 'failed', reason: 'not_delivered' });
      } else await service.report(name, text, 'failed');
    }
    const logged = service.test.logged.slice(from).join('');
    expect(logged.match(/"msg":"text failed"/g)).toHaveLength(names.length);
    expect(secret.filter((it) => logged.includes(it))).toEqual([]);
  });

  describe('that say failed, where there is another transport,', () => {
    const failover = async () => {
      const first = await service.sent('twilio>infobip');
      expectTaken(await service.report('twilio', first, 'failed'));
      await service.test.textsSent();
      return { first, second: { ...first, call: server.requests.at(-1)! } };
    };

    it('send the same code over that', async () => {
      const { first, second } = await failover();
      const words = formOf(first.call).Body!;
      expect(server.requests).toHaveLength(2);
      expect(JSON.parse(second.call.body)).toMatchObject({ messages: [{ content: { text: words } }] });
      expect(infobipId(second)).toBe(new URL(formOf(first.call).StatusCallback!).searchParams.get('id'));
      expect(await service.message(first.id)).toMatchObject({
        ...{ state: 'sent', transport: 'infobip', refusedBy: 'twilio', providerId: 'theirs' },
        ...{ attempts: 2, reason: null, dueAt: null, finishedAt: now() },
      });
      expect(await service.status(first)).toBe('sent');
      expect((await service.test.verify(phones['twilio>infobip'], codeIn(words))).status).toBe(200);
    });

    it('wake the dispatcher, and the text is queued until it comes', async () => {
      const text = await service.sent('twilio>infobip');
      const wake = jest.spyOn(service.test.app.get(SmsDispatcher), 'wake').mockReturnValue();
      expectTaken(await service.report('twilio', text, 'failed'));
      expect(await service.status(text)).toBe('queued');
      expect(await service.message(text.id)).toMatchObject({ dueAt: now(), reason: 'not_delivered:30005' });
      expect(wake).toHaveBeenCalled();
    });

    it('send nothing when the code was used meanwhile', async () => {
      const text = await service.sent('twilio>infobip');
      const code = codeIn(formOf(text.call).Body!);
      expect((await service.test.verify(phones['twilio>infobip'], code)).status).toBe(200);
      expectTaken(await service.report('twilio', text, 'failed'));
      await service.test.textsSent();
      expect(server.requests).toHaveLength(1);
      expect(await service.message(text.id)).toMatchObject({ state: 'expired', reason: 'not_delivered:30005' });
    });

    it('send nothing when the text was delivered after all, before the next transport has it', async () => {
      const text = await service.sent('twilio>infobip');
      const wake = jest.spyOn(service.test.app.get(SmsDispatcher), 'wake').mockReturnValue();
      for (const outcome of ['failed', 'delivered', 'failed'] as const)
        expectTaken(await service.report('twilio', text, outcome));
      wake.mockRestore();
      await service.test.textsSent();
      expect([server.requests.length, await service.status(text)]).toEqual([1, 'delivered']);
    });

    it('change nothing when they come once more, from the transport that had the text', async () => {
      const { first } = await failover();
      expectTaken(await service.report('twilio', first, 'failed'));
      await service.test.textsSent();
      expect(server.requests).toHaveLength(2);
      expect(await service.message(first.id)).toMatchObject({
        state: 'sent',
        transport: 'infobip',
        refusedBy: 'twilio',
      });
    });

    it('are overruled by the transport that had the text, if that delivered it after all', async () => {
      const { first, second } = await failover();
      expectTaken(await service.report('twilio', first, 'delivered'));
      expect(await service.status(first)).toBe('delivered');
      expectTaken(await service.report('infobip', second, 'failed'));
      expect(await service.status(first)).toBe('delivered');
    });

    it('are the end when the last transport says so, too', async () => {
      const { first, second } = await failover();
      expectTaken(await service.report('infobip', second, 'failed'));
      await service.test.textsSent();
      expect(server.requests).toHaveLength(2);
      expect(await service.message(first.id)).toMatchObject({
        ...{ state: 'failed', reason: 'not_delivered:9', refusedBy: 'twilio,infobip', finishedAt: now() },
      });
    });

    it('lead to a transport whose receipts go by its own id', async () => {
      const first = await service.sent('kannel>africastalking');
      expectTaken(await service.report('kannel', first, 'failed'));
      await service.test.textsSent();
      const { providerId } = await service.message(first.id);
      expectTaken(await service.report('africastalking', { ...first, providerId }, 'delivered'));
      expect(await service.status(first)).toBe('delivered');
    });

    it('send the text once, however many come at the same time', async () => {
      const text = await service.sent('twilio>infobip');
      const replies = await Promise.all(Array.from({ length: 10 }, () => service.report('twilio', text, 'failed')));
      expectTaken(...replies);
      await service.test.textsSent();
      expect(server.requests).toHaveLength(2);
      expect(await service.message(text.id)).toMatchObject({
        state: 'sent',
        transport: 'infobip',
        refusedBy: 'twilio',
      });
    });

    it('give way to one that says delivered at the same time', async () => {
      const text = await service.sent('twilio>infobip');
      const outcomes = ['failed', 'delivered', 'failed', 'failed'] as const;
      expectTaken(...(await Promise.all(outcomes.map((outcome) => service.report('twilio', text, outcome)))));
      await service.test.textsSent();
      expect(await service.status(text)).toBe('delivered');
    });
  });
});

describe('receipts of Vonage', () => {
  const started: TestApp[] = [];
  afterAll(() => Promise.all(started.map((test) => test.stop())));

  async function start(env: NodeJS.ProcessEnv): Promise<Receiving> {
    const service = await Receiving.start(sqlite, environment({ SMS_ROUTES: '', SMS_TRANSPORT: 'vonage', ...env }));
    started.push(service.test);
    await service.reset();
    return service;
  }

  it.each(['sha256', 'sha512', 'md5hash'] as const)(
    'are signed by %s where the account is set to that',
    async (method) => {
      const service = await start({ VONAGE_SIGNATURE_METHOD: method });
      const text = await service.sent('vonage');
      const others = (['sha256', 'sha512', 'md5hash'] as const).filter((it) => it !== method);
      const receipt = (by: VonageMethod) =>
        postForm(receiptsPath('vonage'), vonageSigned(vonageFields(text, 'delivered', service.test.clock.now()), by));
      for (const other of others) expectRefused(await service.test.send(receipt(other)), 403, notAuthentic);
      expect(await service.status(text)).toBe('sent');
      expectTaken(await service.test.send(receipt(method)));
      expect(await service.status(text)).toBe('delivered');
    },
  );

  it('bring the token where they are not signed, by POST and by GET', async () => {
    const service = await start({ VONAGE_SIGNATURE_SECRET: '' });
    const text = await service.sent('vonage');
    const fields = vonageFields(text, 'failed', new Date(0));
    const { callback } = formOf(text.call);
    expect(callback).toBe(publicUrl + withToken('vonage'));
    for (const query of ['', `?token=${receiptToken.slice(0, -1)}`])
      expectRefused(await service.test.send(postForm(receiptsPath('vonage', query), fields)), 403, notAuthentic);
    expect(await service.status(text)).toBe('sent');
    expectTaken(await service.test.send(postForm(path(callback), fields)));
    expect(await service.status(text)).toBe('failed');
    const query = new URLSearchParams({ ...fields, status: 'delivered' }).toString();
    expectTaken(await service.test.send({ method: 'GET', path: `${path(callback)}&${query}` }));
    expect(await service.status(text)).toBe('delivered');
  });

  it.each(['', '?token=', '?token=undefined'])(
    'are all refused without a secret or a token to know them by: %s',
    async (query) => {
      const service = await start({ VONAGE_SIGNATURE_SECRET: '', SMS_RECEIPT_TOKEN: '' });
      const text = await service.sent('vonage');
      const request = postForm(
        receiptsPath('vonage', query),
        vonageFields(text, 'delivered', service.test.clock.now()),
      );
      expectRefused(await service.test.send(request), 403, notAuthentic);
    },
  );
});

describe('signatures in the providers’ own examples', () => {
  const waiting = (more: Partial<ReceiptRequest> & { of: Record<string, unknown> }): ReceiptRequest => ({
    url: '/',
    query: {},
    headers: {},
    bytes: Buffer.from('a body'),
    fields: async () => more.of,
    ...more,
  });
  /** What is authentic, and no receipt. */
  const authentic = (reading: Promise<unknown>) => expect(reading).rejects.toBeInstanceOf(MalformedBody);
  const forged = async (reading: Promise<unknown>) => expect(await reading).toBeUndefined();
  const url = 'https://unused.hodi.test';

  describe('of Twilio', () => {
    const twilio = new TwilioTransport(
      { accountSid: 'AC', authToken: '12345', sender: 'HODI', url },
      new ReceiptDoor({ publicUrl: 'https://mycompany.com' }),
    );
    const read = (of: Fields, signature: string) =>
      twilio.readReceipts(
        waiting({
          of,
          url: '/myapp.php?foo=1&bar=2',
          query: { foo: '1', bar: '2' },
          headers: { 'x-twilio-signature': signature },
        }),
      );
    const call = { CallSid: 'CA1234567890ABCDE', Digits: '1234', To: '+18005551212' };

    it.each([
      ['documentation', '+12349013030', '0/KCTR6DLpKmkAf8muzZqo1nDgQ='],
      ['library', '+14158675309', 'RSOYDt4T1cUTdK1PDd93/VVr8B8='],
    ])('are authentic: its %s', async (_where, from, signature) => {
      const fields = { ...call, Caller: from, From: from };
      await authentic(read(fields, signature));
      await forged(read({ ...fields, Digits: '1235' }, signature));
    });

    /** What Twilio signs of the address `PUBLIC_URL` it was given: sometimes with the port, sometimes without. */
    const takes = async (publicUrl: string, signedBase: string, query = '?id=1&a=%20') => {
      const address = `/api/sms/receipts/twilio/${query}`;
      const transport = new TwilioTransport(
        { accountSid: 'AC', authToken: '12345', sender: 'HODI', url },
        new ReceiptDoor({ publicUrl }),
      );
      const signature = twilioSignature(`${signedBase}${address}`, { MessageStatus: 'sent' }, '12345');
      const headers = { 'x-twilio-signature': signature };
      const of = { MessageStatus: 'sent' };
      return (await transport.readReceipts(waiting({ of, url: address, query: { id: '1' }, headers }))) !== undefined;
    };

    it.each([
      ['https://hodi.test', 'https://hodi.test:443'],
      ['https://hodi.test/door', 'https://hodi.test:443/door'],
      ['https://hodi.test:443/door', 'https://hodi.test/door'],
      ['https://hodi.test:443', 'https://hodi.test:443'],
      ['https://hodi.test:8443/door', 'https://hodi.test:8443/door'],
      ['https://hodi.test:8443/door', 'https://hodi.test/door'],
      ['https://Hodi.Test:443/Door', 'https://Hodi.Test:443/Door'],
      ['https://Hodi.Test:443/Door', 'https://Hodi.Test/Door'],
      ['https://Hodi.Test/Door', 'https://hodi.test:443/Door'],
      ['https://Hodi.Test:443/Door', 'https://hodi.test/Door'],
      ['HTTPS://hodi.test', 'https://hodi.test'],
      ['http://localhost', 'http://localhost:80'],
      ['http://localhost:80', 'http://localhost'],
      ['http://localhost:3000', 'http://localhost:3000'],
      ['http://localhost:3000', 'http://localhost'],
      ['https://[2001:db8::1]', 'https://[2001:db8::1]:443'],
      ['https://[2001:db8::1]:443', 'https://[2001:db8::1]'],
    ])('are authentic for the address %s as %s', async (publicUrl, signedBase) => {
      expect(await takes(publicUrl, signedBase)).toBe(true);
    });

    it.each([
      ['https://hodi.test', 'https://hodi.test:80'],
      ['https://hodi.test', 'http://hodi.test'],
      ['https://hodi.test', 'https://hodi.test:8443'],
      ['https://hodi.test:8443', 'https://hodi.test:443'],
      ['https://hodi.test/door', 'https://hodi.test'],
      ['https://hodi.test/Door', 'https://hodi.test/door'],
      ['https://hodi.test', 'https://hodi.test.evil.test'],
      ['https://hodi.test', ''],
    ])('are forged for the address %s as %s', async (publicUrl, signedBase) => {
      expect(await takes(publicUrl, signedBase)).toBe(false);
    });

    it('are forged where nothing is said of the address', async () => {
      const transport = new TwilioTransport(
        { accountSid: 'AC', authToken: '12345', sender: 'HODI', url },
        new ReceiptDoor({}),
      );
      const headers = { 'x-twilio-signature': twilioSignature('/', {}, '12345') };
      await forged(transport.readReceipts(waiting({ of: {}, headers })));
    });
  });

  describe('of Vonage', () => {
    const at = new FakeClock(new Date(1_461_605_396_000));
    const read = (signatureMethod: VonageMethod, of: Fields) =>
      new VonageTransport(
        { apiKey: '', apiSecret: '', sender: 'HODI', url, signatureSecret: 'secret', signatureMethod },
        new ReceiptDoor({}),
        at,
      ).readReceipts(waiting({ of }));

    it.each([
      ['md5hash', '6af838ef94998832dbfc29020b564830'],
      ['sha256', 'a321e824b9b816be7c3f28859a31749a098713d39f613c80d455bbaffae1cd24'],
      [
        'sha512',
        '812a18f76680fa0fe1b8bd9ee1625466ceb1bd96242e4d050d2cfd9a7b40166c63ed26ec9702168781b6edcf1633db8ff95af9341701004eec3fcf9550572ee8',
      ],
    ] as const)('are authentic: its library by %s', async (method, sig) => {
      const fields = { b: '2', timestamp: '1461605396', a: '1' };
      await authentic(read(method, { ...fields, sig }));
      await authentic(read(method, { ...fields, sig: sig.toUpperCase() }));
      await forged(read(method, { ...fields, a: '2', sig }));
    });
  });

  describe('of Standard Webhooks', () => {
    afterEach(() => jest.useRealTimers());

    it('are authentic', async () => {
      jest.useFakeTimers({ now: 1_614_265_330_000, doNotFake: ['nextTick', 'queueMicrotask'] });
      const webhook = new WebhookTransport({ url, secret: webhookSecret }, new FakeClock());
      const headers = {
        'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
        'webhook-timestamp': '1614265330',
        'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
      };
      const read = (body: string) => webhook.readReceipts(waiting({ of: {}, headers, bytes: Buffer.from(body) }));
      await authentic(read('{"test": 2432232314}'));
      await forged(read('{"test": 2432232315}'));
    });
  });
});
