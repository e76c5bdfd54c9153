import * as fc from 'fast-check';
import { METHODS } from 'node:http';
import { AccountService } from '../src/account/account.service';
import { sqlite } from './support/databases';
import { requestOtpPath, verifyPath, type HttpReply, type HttpRequest } from './support/http-client';
import { sendRaw } from './support/raw-socket';
import { TestApp } from './support/test-app';

const number = '+255679190720';
const detail = (text: string) => ({ detail: text });
const malformed = detail('Malformed request.');
const notFound = detail('Not found.');
const invalidOtp = detail('Invalid OTP');
const required = 'This field is required.';
const nothingGiven = { phone_number: [required], otp: [required] };
const tooShort = 'Ensure this field has at least 6 characters.';
const tooLong = 'Ensure this field has no more than 6 characters.';
const invalidPhoneNumber = 'Enter a valid phone number.';
const noText = 'Not a valid string.';
const noNull = 'Null characters are not allowed.';
const noSurrogate = (which: string) => `Surrogate characters are not allowed: U+${which}.`;

const json = 'application/json';
const form = 'application/x-www-form-urlencoded';
const multipart = 'multipart/form-data; boundary=XX';

/** @param head what follows `form-data; `, and more lines of the part's head */
const part = (head: string, value: string) => `--XX\r\nContent-Disposition: form-data; ${head}\r\n\r\n${value}\r\n`;
const end = '--XX--\r\n';

const withoutSlash = (path: string) => path.replace(/\/$/, '');
const codePoint = (hex: string) => String.fromCodePoint(parseInt(hex, 16));

/** An exact status and body, and what holds for every reply. */
function expectReply({ status, headers, text }: HttpReply, wanted: number, body: unknown): void {
  expect({ status, text }).toEqual({ status: wanted, text: JSON.stringify(body) });
  expectHeaders(headers);
}

function expectHeaders(headers: HttpReply['headers']): void {
  expect(headers['content-type']).toBe('application/json');
  expect(headers['x-request-id']).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
  expect(headers).not.toHaveProperty('x-powered-by');
  expect(headers).not.toHaveProperty('server');
}

/** A refusal in a sentence that is only known in part. */
function expectDetail(reply: HttpReply, status: number, pattern: RegExp): void {
  const body = JSON.parse(reply.text) as { detail: string };
  expect(body.detail).toMatch(pattern);
  expectReply(reply, status, detail(body.detail));
}

let test: TestApp;

beforeAll(async () => void (test = await TestApp.start()));
beforeEach(() => test.reset());
afterAll(() => test.stop());

function post(body: string | Buffer, type = json, path = verifyPath): Promise<HttpReply> {
  return test.send({ method: 'POST', path, headers: { 'Content-Type': type }, body });
}

/** A request line and heads as no client would send them. */
function raw(method: string, target: string, heads: string[] = [], body = '', { url } = test): Promise<HttpReply> {
  const lines = [`${method} ${target} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...heads];
  return sendRaw(url, [...lines, '', body].join('\r\n'));
}

describe('the order of refusals', () => {
  let throttled: TestApp;

  beforeAll(async () => {
    throttled = await TestApp.start(sqlite, { THROTTLE_LIMIT: '1' });
    await throttled.post(verifyPath, {});
  });
  afterAll(() => throttled.stop());

  const call = (method: string, type: string, body: string, Accept = '*/*'): HttpRequest => ({
    method,
    path: verifyPath,
    headers: { Authorization: 'Bearer garbage', 'Content-Type': type, Accept },
    body,
  });
  const wrong = {
    accept: call('PUT', 'text/plain', '{"otp":', 'text/html'),
    method: call('PUT', 'text/plain', '{"otp":'),
    type: call('POST', 'text/plain', '{"otp":'),
    syntax: call('POST', json, '{"otp":'),
    fields: call('POST', json, '{}'),
  };
  const overLimit = detail('Request was throttled. Expected available in 60 seconds.');

  it('is 406 first, even for a caller over the limit', async () => {
    const reply = await throttled.send(wrong.accept);
    expectReply(reply, 406, detail('Could not satisfy the request Accept header.'));
  });

  it.each([
    ['a wrong method', wrong.method],
    ['a foreign content type', wrong.type],
    ['broken JSON', wrong.syntax],
    ['bad fields', wrong.fields],
    ['OPTIONS', call('OPTIONS', json, '')],
  ])('is 429 before it looks at %s', async (_name, request) => {
    const reply = await throttled.send(request);
    expectReply(reply, 429, overLimit);
    expect(reply.headers).toMatchObject({ 'retry-after': '60', 'cache-control': 'no-store' });
  });

  it.each([
    ['without the slash', withoutSlash(verifyPath)],
    ['with a query', `${verifyPath}?a=%zz`],
    ['with a fragment', `${verifyPath}#a`],
    ['with an escaped letter', verifyPath.replace('api', '%61pi')],
    ['in the absolute form of RFC 9112 section 3.2.2', `http://localhost${verifyPath}`],
  ])('throttles a path %s like any other', async (_name, target) => {
    const reply = await raw('POST', target, ['Content-Length: 0'], '', throttled);
    expectReply(reply, 429, overLimit);
  });

  const endsEarly = detail('JSON parse error - Expecting value: line 1 column 8 (char 7)');

  it.each([
    ['405 before the content type', wrong.method, 405, detail('Method "PUT" not allowed.')],
    ['415 before parsing', wrong.type, 415, detail('Unsupported media type "text/plain" in request.')],
    ['parsing before fields', wrong.syntax, 400, endsEarly],
    ['fields last', wrong.fields, 400, nothingGiven],
  ])('is %s', async (_name, request, status, body) => expectReply(await test.send(request), status, body));

  it.each(['Bearer garbage', 'Basic Og==', 'Bearer', ''])('ignores `Authorization: %s`', async (Authorization) => {
    const body = { phone_number: number, otp: await test.obtainOtp(number) };
    expect((await test.post(verifyPath, body, { Authorization })).status).toBe(200);
  });
});

describe('paths and methods', () => {
  it.each([
    ['outside the account routes', ['/', '/api/', '/API/account/request-otp/', '//api/account/request-otp/']],
    ['inside them', ['/api/account/', '/api/account/nothing/', '/api/account/%00', '/api%2Faccount/request-otp/']],
    ['beyond a route', [`${verifyPath}more/`, `${verifyPath}/`, '/api/account/../account/request-otp/']],
    ['with a bad escape', ['/%', '/%zz', '/%zz/api/account/', '/api/account/%E0%A4%A']],
    ['that is no path', ['*', 'ftp://localhost/api/account/request-otp/']],
  ])('answers 404 to a path %s', async (_name, targets) => {
    for (const target of targets) {
      for (const method of ['GET', 'POST', 'OPTIONS']) expectReply(await raw(method, target), 404, notFound);
    }
  });

  it.each([129, 2_000, 12_000])('answers 404 to a path of %i characters', async (length) => {
    expectReply(await raw('GET', `/${'a'.repeat(length)}`), 404, notFound);
    expectReply(await raw('POST', `/api/account/${'a'.repeat(length)}/`), 404, notFound);
  });

  it('reads neither a query nor a fragment, whatever they are', async () => {
    for (const path of [`${verifyPath}?%zz`, `${verifyPath}#%zz`]) {
      expectReply(await raw('POST', path), 400, nothingGiven);
      expectReply(await raw('GET', path), 405, detail('Method "GET" not allowed.'));
    }
  });

  const others = METHODS.filter((method) => !['POST', 'OPTIONS', 'CONNECT'].includes(method));

  it.each(others)('answers 405 to %s, with and without the slash', async (method) => {
    for (const path of [requestOtpPath, verifyPath].flatMap((it) => [it, withoutSlash(it)])) {
      const { text, ...reply } = await test.send({ method, path });
      const body = detail(`Method "${method}" not allowed.`);
      expectReply({ ...reply, text: method === 'HEAD' ? JSON.stringify(body) : text }, 405, body);
      expect(reply.headers).toMatchObject({ allow: 'POST, OPTIONS', 'cache-control': 'no-store' });
      if (method === 'HEAD') expect(text).toBe('');
    }
  });

  it('names GET and HEAD together where there is a GET', async () => {
    const reply = await test.post('/health/live/', {});
    expectReply(reply, 405, detail('Method "POST" not allowed.'));
    expect(reply.headers.allow).toBe('GET, HEAD, OPTIONS');
  });

  it.each([
    [requestOtpPath, 'Request Otp', 'POST, OPTIONS'],
    [verifyPath, 'Verify Otp And Generate Token', 'POST, OPTIONS'],
    [withoutSlash(verifyPath), 'Verify Otp And Generate Token', 'POST, OPTIONS'],
    ['/health/live/', 'Live', 'GET, HEAD, OPTIONS'],
  ])("answers OPTIONS %s with REST framework's metadata", async (path, name, allow) => {
    const reply = await test.send({ method: 'OPTIONS', path });
    expectReply(reply, 200, {
      name,
      description: '',
      renders: ['application/json'],
      parses: ['application/json', 'application/x-www-form-urlencoded', 'multipart/form-data'],
    });
    expect(reply.headers.allow).toBe(allow);
  });
});

describe('what is no HTTP', () => {
  const head = `POST ${verifyPath} HTTP/1.1\r\nHost: localhost\r\n`;

  it.each([
    ['an unknown verb', `FETCH ${verifyPath} HTTP/1.1\r\nHost: localhost\r\n\r\n`],
    ['a verb in small letters', `post ${verifyPath} HTTP/1.1\r\nHost: localhost\r\n\r\n`],
    ['plain words', 'hello there\r\n\r\n'],
    ['a TLS handshake', Buffer.from('160301010001000000fc0303', 'hex')],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['an unknown version', 'GET / HTTP/9.9\r\nHost: localhost\r\n\r\n'],
    ['no Host (RFC 9112 section 3.2)', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['an empty Host', 'GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n'],
    ['two Hosts', 'GET / HTTP/1.1\r\nHost: hodi.test\r\nHost: evil.test\r\nConnection: close\r\n\r\n'],
    ['the same Host twice', 'GET / HTTP/1.1\r\nHost: hodi.test\r\nhost: hodi.test\r\nConnection: close\r\n\r\n'],
    ['a bad Host in HTTP/1.0', 'GET / HTTP/1.0\r\nHost: a b/<x>\r\n\r\n'],
    ['a header without a colon', `${head}nonsense\r\n\r\n`],
    ['a space in the name of a header', `${head}A B: c\r\n\r\n`],
    ['a negative length', `${head}Content-Length: -1\r\n\r\n`],
    ['two lengths', `${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`],
    ['a length beside chunks', `${head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['a chunk without a size', `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n`],
  ])('refuses %s with 400', async (_name, bytes) => expectReply(await sendRaw(test.url, bytes), 400, malformed));

  it.each([
    'a b/<x>',
    'a b',
    'hodi.test/',
    'hodi.test/path',
    'hodi.test?a',
    'hodi.test#a',
    'user@hodi.test',
    'user:password@hodi.test',
    'http://hodi.test',
    'hodi.test, evil.test',
    'hodi.test:',
    'hodi.test:port',
    'hodi.test:65536',
    'hodi.test:80:80',
    ':80',
    '"hodi.test"',
    "hodi.test'onload=",
    'hodi.test\\evil',
    '%00',
    'hodi%2ftest',
    'h\u00f6di.test',
    '999.1.1.1',
    '[::1',
    '::1',
    '[::g]',
    '[1.2.3.4]',
    '[]',
  ])('refuses the Host %s with 400, whatever is asked for', async (host) => {
    for (const path of ['/', requestOtpPath, '/health/live/']) {
      const bytes = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`, 'latin1');
      expectReply(await sendRaw(test.url, bytes), 400, malformed);
    }
  });

  it.each(['hodi.test', 'HODI.test:3000', 'hodi.test.', 'my_service', '127.0.0.1:80', '[::1]', '[2001:db8::1]:443'])(
    'takes the Host %s',
    async (host) => {
      const bytes = `GET /health/live/ HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
      expect((await sendRaw(test.url, bytes)).status).toBe(200);
    },
  );

  it('takes HTTP/1.0 without a Host', async () =>
    expect((await sendRaw(test.url, 'GET /health/live/ HTTP/1.0\r\n\r\n')).status).toBe(200));

  it.each([
    ['a header', `GET / HTTP/1.1\r\nHost: localhost\r\nA: ${'a'.repeat(20_000)}\r\n\r\n`],
    ['a request line', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`],
  ])('refuses %s over 16 KiB with 431', async (_name, bytes) =>
    expectReply(await sendRaw(test.url, bytes), 431, detail('Request header fields too large.')),
  );

  it('answers an Expect that it does not know as it answers everything', async () => {
    const { headers } = await raw('POST', verifyPath, ['Expect: nonsense', 'Content-Length: 0']);
    expectHeaders(headers);
  });
});

describe('headers of every reply', () => {
  const idOf = async (id: string) =>
    (await test.send({ method: 'POST', path: verifyPath, headers: { 'X-Request-Id': id } })).headers['x-request-id'];
  const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

  const security = {
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  };

  it.each([
    ['a reply', 'GET /health/live/ HTTP/1.1\r\nHost: hodi.test\r\nConnection: close\r\n\r\n', 200],
    ['a refusal', `GET ${verifyPath} HTTP/1.1\r\nHost: hodi.test\r\nConnection: close\r\n\r\n`, 405],
    ['a bad Host', 'GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n', 400],
    ['a bad escape', 'GET /%zz HTTP/1.1\r\nHost: hodi.test\r\nConnection: close\r\n\r\n', 404],
    ['a page of text', 'GET /api/docs/problems/ HTTP/1.1\r\nHost: hodi.test\r\nConnection: close\r\n\r\n', 200],
    ['what is no HTTP', 'hello there\r\n\r\n', 400],
    ['headers too large', `GET / HTTP/1.1\r\nHost: a\r\nA: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
  ])('make browsers guess, frame and load nothing, on %s', async (_name, bytes, wanted) => {
    const { status, headers } = await sendRaw(test.url, bytes);
    expect([status, headers]).toMatchObject([wanted, security]);
  });

  it.each(['a', 'Az_09-', 'x'.repeat(64)])("keeps the caller's X-Request-Id %s", async (id) =>
    expect(await idOf(id)).toBe(id),
  );

  it.each([
    ['empty', ''],
    ['of 65 characters', 'x'.repeat(65)],
    ['with a space', 'a b'],
    ['with a dot', 'a.b'],
    ['with a letter beyond ASCII', 'ü'],
  ])('replaces an X-Request-Id %s', async (_name, id) => expect(await idOf(id)).toMatch(uuid));

  it('replaces two X-Request-Ids, also where the path is none', async () => {
    const { headers } = await raw('GET', '/%zz', ['X-Request-Id: a', 'X-Request-Id: b']);
    expect(headers['x-request-id']).toMatch(uuid);
  });

  it.each<[name: string, status: number, method: string, target: string, heads: string[], body: string]>([
    ['bad fields', 400, 'POST', verifyPath, ['Content-Length: 0'], ''],
    ['an unknown path', 404, 'GET', '/api/account/nothing/', [], ''],
    ['a bad escape', 404, 'GET', '/api/account/%E0%A4%A', [], ''],
    ['a path with an escaped letter', 400, 'POST', verifyPath.replace('api', '%61pi'), [], ''],
    ['a path in the absolute form', 400, 'POST', `http://localhost${verifyPath}`, [], ''],
    ['a wrong method', 405, 'GET', verifyPath, [], ''],
    ['a wrong Accept', 406, 'GET', verifyPath, ['Accept: text/html'], ''],
    ['a body too large', 413, 'POST', verifyPath, ['Content-Length: 8193'], ' '.repeat(8193)],
    ['a foreign content type', 415, 'POST', verifyPath, ['Content-Length: 2'], '{}'],
    ['OPTIONS', 200, 'OPTIONS', verifyPath, [], ''],
  ])('forbids to store the answer to %s', async (_name, wanted, method, target, heads, body) => {
    const { status, headers } = await raw(method, target, heads, body);
    expect({ status, cache: headers['cache-control'] }).toEqual({ status: wanted, cache: 'no-store' });
    expectHeaders(headers);
  });

  it('forbids to store tokens', async () => {
    const { status, headers } = await test.verify(number, await test.obtainOtp(number));
    expect({ status, cache: headers['cache-control'] }).toEqual({ status: 200, cache: 'no-store' });
    expectHeaders(headers);
  });
});

describe('bodies', () => {
  const inForm = (otp: string) => `phone_number=${encodeURIComponent(number)}&otp=${otp}`;
  const inParts = (...parts: string[]) => [part('name="phone_number"', number), ...parts, end].join('');
  const otpPart = (otp: string, more = '') => part(`name="otp"${more}`, otp);

  it.each([
    ['JSON', json, (otp: string) => JSON.stringify({ phone_number: number, otp })],
    ['a form', form, inForm],
    ['a form in UTF-8', `${form}; charset=UTF-8`, inForm],
    ['a form, the last otp counting', form, (otp: string) => inForm(`000000&otp=${otp}`)],
    ['multipart', multipart, (otp: string) => inParts(otpPart(otp))],
    ['MULTIPART', 'MULTIPART/Form-Data; Boundary="XX"', (otp: string) => inParts(otpPart(otp))],
    ['multipart, the last otp counting', multipart, (otp: string) => inParts(otpPart('000000'), otpPart(otp))],
    [
      'a text part of any type, as Django reads it',
      multipart,
      (otp: string) => inParts(otpPart(otp, '\r\nContent-Type: application/octet-stream')),
    ],
  ])('signs in with %s, with and without the slash', async (_name, type, bodyWith) => {
    for (const path of [verifyPath, withoutSlash(verifyPath)]) {
      expect((await post(bodyWith(await test.obtainOtp(number)), type, path)).status).toBe(200);
      test.clock.advance(60);
    }
  });

  it.each([json, form, multipart, 'text/plain', 'nonsense', `${json}; charset=latin-1`])(
    'misses every field in an empty body of type %s',
    async (type) => expectReply(await post('', type), 400, nothingGiven),
  );

  it.each([[[]], [['Content-Length: 0']]])(
    'misses every field in an empty body of no type, sent with %j',
    async (heads) => expectReply(await raw('POST', verifyPath, heads), 400, nothingGiven),
  );

  it('refuses a body of no type with 415', async () => {
    const reply = await raw('POST', verifyPath, ['Content-Length: 2'], '{}');
    expectReply(reply, 415, detail('Unsupported media type "" in request.'));
  });

  it.each([
    'text/plain',
    'application/xml',
    'application/jsonp',
    `${json}; charset=latin-1`,
    `${json}; charset="utf-16"`,
    `${form};charset=iso-8859-1`,
    `${multipart}; charset=utf-7`,
  ])('refuses %s with 415', async (type) =>
    expectReply(await post('{}', type), 415, detail(`Unsupported media type "${type}" in request.`)),
  );

  const file = otpPart('123456', '; filename="otp.txt"\r\nContent-Type: text/plain');

  it('takes no file for a text', async () => expectReply(await post(inParts(file), multipart), 400, { otp: [noText] }));

  it.each([
    ['without a boundary', 'multipart/form-data', inParts()],
    ['with another boundary', 'multipart/form-data; boundary=YY', inParts()],
    ['that ends in the head of a part', multipart, file.slice(0, 30)],
    ['that ends in a part', multipart, otpPart('123456')],
    ['that ends in a file', multipart, file],
    ['that ends in a part of no name', multipart, part('', '123456')],
    ['that is only a boundary', multipart, '--XX'],
  ])('refuses multipart %s', async (_name, type, body) =>
    expectDetail(await post(body, type), 400, /^Multipart form parse error - [\w ]+$/),
  );

  const padded = (length: number) => JSON.stringify({ phone_number: number, otp: '123456' }).padEnd(length);

  it.each([
    [8_192, 400, invalidOtp],
    [8_193, 413, detail('Request body exceeds 8192 bytes.')],
  ])('answers a body of %i bytes with %i, whether its length is told or not', async (length, status, body) => {
    expectReply(await post(padded(length)), status, body);
    const chunked = `${length.toString(16)}\r\n${padded(length)}\r\n0\r\n\r\n`;
    const heads = [`Content-Type: ${json}`, 'Transfer-Encoding: chunked'];
    expectReply(await raw('POST', verifyPath, heads, chunked), status, body);
  });
});

describe('JSON', () => {
  const deep = '['.repeat(4_000) + ']'.repeat(4_000);
  const withOtp = (otp: string) => `{"phone_number":"${number}","otp":${otp}}`;

  it.each([
    ['a code and a zero after the point', '100000.0', { otp: [tooLong] }],
    ['an exponent', '1e5', { otp: [tooShort] }],
    ['an exponent of six characters', '1000e2', invalidOtp],
    ['a number beyond all numbers', '1E+400', invalidOtp],
    ['a minus sign', '-12345', invalidOtp],
    ['twenty digits', '12345678901234567890', { otp: [tooLong] }],
  ])('reads a number as its text: %s', async (_name, otp, body) => expectReply(await post(withOtp(otp)), 400, body));

  it.each([
    ['true', 'true'],
    ['a list', '["123456"]'],
    ['an operator', '{"$gt":""}'],
    ['a lookalike of a text', '{"length":6,"0":"1"}'],
    ['an object without a text', '{"toString":1,"valueOf":1}'],
    ['such an object in a list', '[{"toString":1,"valueOf":1}]'],
    ['its own prototype', '{"__proto__":{"length":6}}'],
  ])('refuses a value of another type: %s', async (_name, value) => {
    const reply = await post(`{"phone_number":${value},"otp":${value}}`);
    expectReply(reply, 400, { phone_number: [invalidPhoneNumber], otp: [noText] });
  });

  it.each([
    ['__proto__', `{"__proto__":${withOtp('"123456"')}}`],
    ['a number as __proto__', '{"__proto__":1}'],
    ['constructor', `{"constructor":{"prototype":${withOtp('"123456"')}}}`],
    ['another field', `{"data":${withOtp('"123456"')}}`],
  ])('takes no fields out of %s', async (_name, body) => expectReply(await post(body), 400, nothingGiven));

  it.each([
    ['texts', '"1","otp":"123456"', invalidOtp],
    ['numbers', '123456,"otp":12345678', { otp: [tooLong] }],
    ['a number and a text', '1,"otp":"123456"', invalidOtp],
    ['a text and a number', '"1","otp":123456', invalidOtp],
    ['a number and a list', '123456,"x":1,"otp":[1]', { otp: [noText] }],
  ])('takes the last of fields with one name: %s', async (_name, otp, body) =>
    expectReply(await post(withOtp(otp)), 400, body),
  );

  it.each([
    ['as the body', deep, { non_field_errors: ['Invalid data. Expected a dictionary, but got list.'] }],
    ['as a code', withOtp(deep), { otp: [noText] }],
    ['as an unknown field beside a number', `{"x":${deep},${withOtp('123456').slice(1)}`, invalidOtp],
  ])('stands 4,000 lists in each other %s', async (_name, body, wanted) => expectReply(await post(body), 400, wanted));

  it.each([
    ['a BOM', '\ufeff{}', 'Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)'],
    ['a place after an emoji', '{"\u{1f600}" "otp"}', "Expecting ':' delimiter: line 1 column 6 (char 5)"],
  ])("refuses in Python's words: %s", async (_name, body, why) =>
    expectReply(await post(body), 400, detail(`JSON parse error - ${why}`)),
  );

  it.each([
    ['a word', 'marker'],
    ['an open text', '"marker'],
    ['a name alone', '{"marker"}'],
    ['a word as a value', '{"otp":marker}'],
    ['a line break', '{"otp":"marker\n"}'],
    ['a bad escape', '{"otp":"\\umarker"}'],
    ['more after the end', '{"otp":"marker"} marker'],
    ['a comma too many', '{"otp":"marker",}'],
    ['single quotes', "{'otp':'marker'}"],
    ['a comment', '/*marker*/{}'],
    ['bytes that are not UTF-8', Buffer.from('{"otp":"marker\xff"}', 'latin1')],
    ['4,000 open lists', `{"marker":${'['.repeat(4_000)}`],
    ['8,000 open lists', `{"marker":${'['.repeat(8_000)}`],
    ['800 open objects', '{"marker":'.repeat(800)],
  ])('refuses what it cannot parse and does not repeat it: %s', async (_name, body) =>
    expectDetail(await post(body), 400, /^JSON parse error - (?!.*marker)/),
  );
});

describe('texts', () => {
  it.each([
    ['NUL', '12345\\u0000', [noNull]],
    ['NUL, too long', '123456\\u0000', [tooLong, noNull]],
    ['NUL, too short', '1\\u0000', [tooShort, noNull]],
    ['a lone high surrogate', '12345\\ud800', [noSurrogate('D800')]],
    ['a lone low surrogate, too short', '\\udfff', [tooShort, noSurrogate('DFFF')]],
    ['surrogates in the wrong order', '1234\\ude00\\ud83d', [noSurrogate('DE00')]],
    ['NUL and a surrogate, too long', '123456\\u0000\\ud800', [tooLong, noNull, noSurrogate('D800')]],
    ['seven emoji', '\u{1f600}'.repeat(7), [tooLong]],
    ['five emoji', '\u{1f600}'.repeat(5), [tooShort]],
  ])('tells all that is wrong with a code: %s', async (_name, otp, faults) =>
    expectReply(await post(`{"phone_number":"${number}","otp":"${otp}"}`), 400, { otp: faults }),
  );

  it('counts code points: six emoji are as long as a code', async () =>
    expectReply(await test.verify(number, '\u{1f600}'.repeat(6)), 400, invalidOtp));

  const whiteSpace = '09 0A 0B 0C 0D 1C 1D 1E 1F 20 85 A0 1680 2000 2007 200A 2028 2029 202F 205F 3000';

  it.each(whiteSpace.split(' '))('trims U+%s, as Python does', async (hex) => {
    const otp = `${codePoint(hex)}${await test.obtainOtp(number)}${codePoint(hex)}`;
    expect((await test.verify(`${codePoint(hex)}${number}`, otp)).status).toBe(200);
  });

  it.each(['FEFF', '200B', '180E', '2060', '00AD'])('leaves U+%s where it is', async (hex) => {
    const otp = `${codePoint(hex)}${await test.obtainOtp(number)}`;
    expectReply(await test.verify(number, otp), 400, { otp: [tooLong] });
    expectReply(await test.verify(`${codePoint(hex)}${number}`, '123456'), 400, { phone_number: [invalidPhoneNumber] });
  });
});

describe('locale', () => {
  const english = / is your Hodi code\./;
  const swahili = / ni namba yako ya Hodi\./;

  it.each<[name: string, locale: string | undefined, wording: RegExp]>([
    ['absent', undefined, swahili],
    ['sw', 'sw', swahili],
    ['with a region, in capitals', 'SW-TZ', swahili],
    ['with spaces around', ' sw ', swahili],
    ['of a language without wording', 'de', swahili],
    ['with an underscore', 'en_US', english],
    ['with its end missing', 'en-', english],
    ['of many parts', 'en-aaaaaaaa-bbbbbbbb-cccccccc-dddddd', english],
    ['of an inherited name', 'toString', swahili],
    ['i-default', 'i-default', swahili],
    ['x-klingon', 'x-klingon', swahili],
    ['zh-Hant-TW-x-private', 'zh-Hant-TW-x-private', swahili],
    ['of thousands of characters', 'x'.repeat(7_000), swahili],
    ['an emoji', '🦒', swahili],
    ['one letter', 's', swahili],
    ['a direction mark', '\u200e', swahili],
  ])('chooses the wording: %s', async (_name, locale, wording) => {
    const reply = await test.post(requestOtpPath, { phone_number: number, locale });
    await test.textsSent();
    expect(reply.status).toBe(200);
    expect(test.inbox.to(number).at(-1)?.text).toMatch(wording);
  });

  it('chooses the wording where it is a number, which is read as text', async () => {
    expect((await test.post(requestOtpPath, { phone_number: number, locale: 12 })).status).toBe(200);
  });

  it.each(['en_GB', '🦒', '; q=1', '*', 'x'.repeat(4_000), 'en;q=abc', '-'])(
    'is not missed where Accept-Language is %j',
    async (language) => {
      const headers = { 'Accept-Language': Buffer.from(language).toString('latin1') };
      expect((await test.post(requestOtpPath, { phone_number: number }, headers)).status).toBe(200);
    },
  );

  it.each([
    ['null', null, ['This field may not be null.']],
    ['blank', ' ', ['This field may not be blank.']],
    ['a list', ['sw'], [noText]],
    ['NUL', 'sw\0', [noNull]],
  ])('is refused: %s', async (_name, locale, faults) => {
    expectReply(await test.post(requestOtpPath, { phone_number: number, locale }), 400, { locale: faults });
    expect(test.inbox.texts).toEqual([]);
  });
});

describe('a fault of our own', () => {
  it.each([
    ['an error', new Error('secret 123456')],
    ['an error with a cause', new Error('secret', { cause: new Error(`secret 123456 of ${number}`) })],
    ['a text', 'secret 123456'],
  ])('is 500 without a word of it, and without digits in the log: %s', async (_name, thrown) => {
    const fault = jest.spyOn(test.app.get(AccountService), 'requestOtp').mockRejectedValueOnce(thrown);
    const reply = await test.requestOtp(number);
    fault.mockRestore();
    expectReply(reply, 500, detail('A server error occurred.'));
    expect(reply.headers['cache-control']).toBe('no-store');
    const lines = test.logged.filter((line) => line.includes(reply.headers['x-request-id']!));
    expect(lines.filter((line) => line.includes('"unexpected error"'))).toHaveLength(1);
    expect(lines.join('')).not.toMatch(/123456|679190720/);
  });
});

describe('whatever comes in', () => {
  const expectDecent = ({ status, headers, text }: HttpReply) => {
    expect(status).toBeLessThan(500);
    expect(Buffer.byteLength(text)).toBeLessThan(1_024);
    expect(headers['content-type']).toBe('application/json');
  };

  it('is answered in JSON, in short, and never with a 5xx: any values', async () => {
    const value = fc.jsonValue({ stringUnit: 'binary' });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(requestOtpPath, verifyPath), value, value, async (path, phone_number, otp) =>
        expectDecent(await test.post(path, { phone_number, otp, locale: otp })),
      ),
      { numRuns: 300 },
    );
  });

  it('is answered in JSON, in short, and never with a 5xx: any bytes', async () => {
    const piece = fc.constantFrom(
      ...'{}[]":,\\=&%+-;1\0',
      ...['\\u', 'otp', 'phone_number', number, '--', '--XX', '\r\n', '\r\n\r\n', 'name="otp"', 'filename="a"'],
      ...['Content-Disposition: form-data; ', part('name="otp"', '1'), part('name="otp"; filename="a"', '1'), end],
    );
    const bytes = fc.oneof(
      fc.array(fc.oneof(piece, fc.string({ unit: 'binary' })), { maxLength: 30 }).map((it) => Buffer.from(it.join(''))),
      fc.uint8Array({ maxLength: 9_000, size: 'max' }).map((it) => Buffer.from(it)),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(json, form, multipart), bytes, async (type, body) =>
        expectDecent(await post(body, type)),
      ),
      { numRuns: 300 },
    );
  });
});
