import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { sqlite } from './support/databases';
import type { HttpReply, HttpRequest } from './support/http-client';
import { providerEnvironment, receiptToken, vonageSecret, webhookSecret } from './simulator/provider-server';
import { TestApp } from './support/test-app';

/** What is reached over HTTP and reports over HTTP. */
const names = ['africastalking', 'beem', 'twilio', 'vonage', 'infobip', 'kannel', 'webhook'] as const;
type Name = (typeof names)[number];
/** One country each. */
const countries = ['TZ', 'KE', 'UG', 'RW', 'GB', 'NG', 'ZA'];
const publicUrl = 'https://sms.hodi.test';

const form = 'application/x-www-form-urlencoded';
const json = 'application/json';
const pathTo = (name: Name) => `/api/sms/receipts/${name}/`;
const unusedUrl = 'http://127.0.0.1:1';

const environment = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  SMS_ROUTES: names.map((name, index) => `${countries[index]}:${name}`).join(),
  PUBLIC_URL: publicUrl,
  SMS_RECEIPT_TOKEN: receiptToken,
  VONAGE_SIGNATURE_SECRET: vonageSecret,
  ...Object.fromEntries(Object.values(providerEnvironment(unusedUrl)).flatMap((it) => Object.entries(it))),
  ...more,
});

/** A provider's proof that a call is its own, whatever stands in it. */
type Signer = (request: HttpRequest) => HttpRequest;
const withToken: Signer = (request) => ({
  ...request,
  path: `${request.path}${request.path.includes('?') ? '&' : '?'}token=${receiptToken}`,
});
const signers: Readonly<Record<Name, Signer>> = {
  africastalking: withToken,
  beem: withToken,
  infobip: withToken,
  kannel: withToken,
  twilio: (request) => {
    const fields = Object.entries(Object.fromEntries(new URLSearchParams(String(request.body ?? ''))));
    const posted = fields.sort(([one], [other]) => (one < other ? -1 : 1)).flat();
    const signed = publicUrl + request.path + posted.join('');
    const signature = createHmac('sha1', 'twilio-token').update(signed).digest('base64');
    return { ...request, headers: { ...request.headers, 'X-Twilio-Signature': signature } };
  },
  // Its fields hold the signature.
  vonage: (request) => request,
  webhook: (request) => {
    const seconds = Math.floor(Date.now() / 1000);
    const key = Buffer.from(webhookSecret.slice('whsec_'.length), 'base64');
    const signed = `msg_1.${seconds}.${Buffer.from(request.body ?? '').toString()}`;
    const headers = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(seconds),
      'webhook-signature': `v1,${createHmac('sha256', key).update(signed).digest('base64')}`,
    };
    return { ...request, headers: { ...request.headers, ...headers } };
  },
};

const post = (name: Name, body: string | Buffer, type = json, query = ''): HttpRequest => ({
  method: 'POST',
  path: pathTo(name) + query,
  headers: { 'Content-Type': type },
  body,
});
const get = (name: Name, query: string): HttpRequest => ({ method: 'GET', path: `${pathTo(name)}?${query}` });

/** Each name that any provider has for a field. */
const fieldNames = [
  ...['id', 'status', 'failureReason', 'request_id', 'Status', 'MessageStatus', 'ErrorCode', 'token'],
  ...['client-ref', 'err-code', 'timestamp', 'sig', 'results', 'type', 'data', '__proto__', 'constructor', 'toString'],
];

/** What stands where a text should, in JSON. */
const values = [
  ...['{"toString":1}', '{"toString":1,"valueOf":1}', '{"__proto__":null}', '{"length":1,"0":"a"}'],
  ...['[]', '[[]]', '[{"toString":1}]', '["a","b"]', 'null', 'true', '1e999', '-0', '9'.repeat(400)],
  ...['""', '"\\u0000"', '"\\ud800"', '"constructor"', '"__proto__"', '"a\\u0000b"', `"${'x'.repeat(5_000)}"`],
  '['.repeat(20_000) + ']'.repeat(20_000),
].map((value) => [value.slice(0, 30), value] as const);

let test: TestApp;
beforeAll(async () => void (test = await TestApp.start(sqlite, environment())));
afterAll(() => test.stop());

function expectRefused({ status, headers, text }: HttpReply, ...statuses: number[]): void {
  expect(statuses).toContain(status);
  expect(headers['content-type']).toBe(json);
  expect(Buffer.byteLength(text)).toBeLessThan(1_024);
}

describe.each(names)('what is no receipt of %s', (name) => {
  const sign = signers[name];

  it.each(values)('is refused whatever stands in its fields, unsigned: %s', async (_start, value) => {
    const body = `{${fieldNames.map((field) => `"${field}":${value}`).join()}}`.slice(0, 65_000);
    expectRefused(await test.send(post(name, body)), 400, 403);
  });

  it.each(values)('is refused whatever stands in its fields, from the provider: %s', async (_start, value) => {
    const requests = fieldNames.map((field) => {
      const others = fieldNames.filter((it) => it !== field).map((it) => `,"${it}":"1"`);
      return sign(post(name, `{"${field}":${value}${others.join('')}}`));
    });
    const replies = await Promise.all(requests.map((request) => test.send(request)));
    // A pending status of no text is taken.
    replies.forEach((reply) => expectRefused(reply, 200, 400, 403, 404));
  });

  it.each([
    ['twice', (field: string) => `${field}=a&${field}=b`],
    ['as PHP writes lists', (field: string) => `${field}[]=a&${field}[0]=b&${field}[toString]=1`],
    ['without a value', (field: string) => `${field}&${field}=`],
    ['with bad escapes', (field: string) => `${field}=%&${field}=%zz%ff`],
    ['with NUL', (field: string) => `${field}=%00`],
    ['with a half of a surrogate', (field: string) => `${field}=%ED%A0%80`],
    ['with many digits', (field: string) => `${field}=${'9'.repeat(300)}`],
  ])('is refused with its fields %s, in the query and in a form', async (_how, write) => {
    const query = fieldNames.map(write).join('&');
    const replies = [
      await test.send(get(name, query)),
      await test.send(sign(get(name, query))),
      await test.send(post(name, query, form)),
      await test.send(sign(post(name, query, form))),
      await test.send(post(name, '', form, `?${query}`)),
    ];
    replies.forEach((reply) => expectRefused(reply, 200, 400, 403, 404));
    expectRefused(replies[0]!, 400, 403);
    expectRefused(replies[2]!, 400, 403);
  });

  it('is refused by its own reader, whatever any fields are', async () => {
    const value = fc.oneof(
      fc.jsonValue({ stringUnit: 'binary' }),
      fc.constantFrom(...values.slice(0, 12)).map(([it]) => JSON.parse(it) as unknown),
    );
    const fields = fc.dictionary(fc.oneof(fc.constantFrom(...fieldNames), fc.string()), value, { maxKeys: 6 });
    await fc.assert(
      fc.asyncProperty(fields, fc.boolean(), async (body, signed) => {
        const request = post(name, JSON.stringify(body));
        expectRefused(await test.send(signed ? sign(request) : request), 200, 400, 403, 404);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a call that does not prove where it comes from', () => {
  it.each(['africastalking', 'beem', 'infobip', 'kannel', 'webhook'] as const)(
    'is refused before its body is read: %s',
    async (name) => expectRefused(await test.send(post(name, '{"broken":')), 403),
  );

  it.each([json, 'multipart/form-data; boundary=XX', 'text/plain'])(
    'is refused before its body is read, where it is no form: twilio, %s',
    async (type) => expectRefused(await test.send(post('twilio', '{"broken":', type)), 403),
  );

  it('is refused before its body is read, where Vonage does not sign', async () => {
    const unsigned = await TestApp.start(sqlite, environment({ VONAGE_SIGNATURE_SECRET: '' }));
    const reply = await unsigned.send(post('vonage', '{"broken":'));
    await unsigned.stop();
    expectRefused(reply, 403);
  });

  it.each(names)('is refused at the full depth of a body: %s', async (name) => {
    const deep = `{"a":1,"x":${'[1,'.repeat(16_000)}1${']'.repeat(16_000)}}`;
    expectRefused(await test.send(post(name, deep)), 403);
  });
});

describe('words that JavaScript knows, where a status should stand,', () => {
  it.each(['constructor', '__proto__', 'toString', 'valueOf'])('say nothing of a text: %s', async (status) => {
    // Taken as a failure or a success, it would be looked for and not found.
    const reply = await test.send(withToken(post('africastalking', JSON.stringify({ id: 'ATPid_1', status }))));
    expect([reply.status, reply.text]).toEqual([200, '{}']);
  });
});
