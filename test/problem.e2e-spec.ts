import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AccountService } from '../src/account/account.service';
import { ServiceUnavailable } from '../src/error/refusal';
import { problemTitles, type ProblemCode } from '../src/http/problem';
import { sqlite } from './support/databases';
import { requestOtpPath, verifyPath, type HttpReply } from './support/http-client';
import { sendRaw } from './support/raw-socket';
import { otherThan, TestApp } from './support/test-app';

const phone = '+255679190720';
const problemJson = { Accept: 'application/problem+json' };
const refreshPath = '/api/account/token/refresh/';
const mePath = '/api/account/me/';

type Row = [code: ProblemCode, status: number, title: string, detail: string, provoke: () => Promise<HttpReply>];
type Fault = { field: string; code: string; message: string };

let test: TestApp;

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  test.post(path, body, { ...problemJson, ...headers });
const get = (path: string, headers: Record<string, string> = {}) =>
  test.send({ method: 'GET', path, headers: { ...problemJson, ...headers } });
const verify = (phoneNumber: string, otp: string, headers?: Record<string, string>) =>
  post(verifyPath, { phone_number: phoneNumber, otp }, headers);
const bodyOf = ({ text }: HttpReply) => JSON.parse(text) as { request_id: string; code: string; errors?: Fault[] };

async function signIn() {
  const { text } = await test.verify(phone, await test.obtainOtp(phone));
  return JSON.parse(text) as { access: string; refresh: string };
}

const bearer = async () => ({ Authorization: `Bearer ${(await signIn()).access}` });

function expectProblem(reply: HttpReply, [code, status, title, detail]: readonly unknown[], more: object = {}): void {
  expect(reply.headers['content-type']).toBe('application/problem+json');
  const request_id = reply.headers['x-request-id'];
  const type = `/api/docs/problems/#${code as string}`;
  expect(reply.text).toBe(JSON.stringify({ type, title, status, detail, code, request_id, ...more }));
  expect([reply.status, request_id]).toEqual([status, expect.stringMatching(/^[A-Za-z0-9_-]{1,64}$/)]);
}

beforeAll(async () => void (test = await TestApp.start(sqlite, { PHONE_COUNTRIES: 'TZ,US' })));
beforeEach(() => test.reset());
afterEach(() => jest.restoreAllMocks());
afterAll(() => test.stop());

describe('the form of a refusal', () => {
  const plain = 'application/json';
  const problem = 'application/problem+json';

  it.each([
    [undefined, plain],
    ['*/*', plain],
    ['application/*', plain],
    ['application/json', plain],
    ['application/json, text/plain, */*', plain],
    ['application/problem+json', problem],
    ['Application/Problem+JSON', problem],
    ['application/problem+json; charset=utf-8', problem],
    ['application/json, application/problem+json', problem],
    ['application/problem+json, */*', problem],
    ['application/json;q=0.5, application/problem+json', problem],
    ['application/json ; q=0.5 , application/problem+json ; q=0.6', problem],
    ['application/json, application/problem+json;q=0.9', plain],
    ['application/problem+json;q=0.5, */*;q=0.9', plain],
    ['application/problem+json;q=0, */*', plain],
  ])('for Accept: %s is %s', async (accept, type) => {
    const headers: Record<string, string> = accept === undefined ? {} : { Accept: accept };
    const reply = await test.post(verifyPath, { phone_number: phone, otp: '000000' }, headers);
    expect([reply.status, reply.headers['content-type']]).toEqual([400, type]);
    if (type === plain) expect(reply.text).toBe('{"detail":"Invalid OTP"}');
    else expectProblem(reply, ['invalid_otp', 400, 'Invalid code', 'Invalid OTP']);
  });

  it('leaves a success as it is', async () => {
    const { status, headers, text } = await post(requestOtpPath, { phone_number: phone });
    expect([status, headers['content-type']]).toEqual([200, 'application/json']);
    expect(text).toMatch(/^\{"detail":"OTP sent successfully",/);
  });

  it('tells the caller’s own request id', async () => {
    const reply = await verify(phone, '000000', { 'X-Request-Id': 'Abc_123-z' });
    expect([reply.headers['x-request-id'], bodyOf(reply).request_id]).toEqual(['Abc_123-z', 'Abc_123-z']);
  });
});

describe('the problem', () => {
  const rows: Row[] = [
    ['invalid_otp', 400, 'Invalid code', 'Invalid OTP', () => verify(phone, '000000')],
    [
      'malformed_body',
      400,
      'Unreadable body',
      'JSON parse error - Expecting value: line 1 column 1 (char 0)',
      () =>
        test.send({
          method: 'POST',
          path: verifyPath,
          headers: { ...problemJson, 'Content-Type': 'application/json' },
          body: 'x',
        }),
    ],
    [
      'malformed_request',
      400,
      'Malformed request',
      'Malformed request.',
      () =>
        sendRaw(
          test.url,
          'GET /api/account/me/ HTTP/1.1\r\nAccept: application/problem+json\r\nConnection: close\r\n\r\n',
        ),
    ],
    [
      'invalid_idempotency_key',
      400,
      'Invalid idempotency key',
      'Idempotency-Key must be 8 to 128 visible ASCII characters.',
      () => verify(phone, '000000', { 'Idempotency-Key': 'short' }),
    ],
    [
      'idempotency_key_reused',
      422,
      'Idempotency key reused',
      'This Idempotency-Key was used for another request.',
      async () => {
        const otp = await test.obtainOtp(phone);
        const key = { 'Idempotency-Key': 'a-key-of-its-own' };
        await verify(phone, otp, key);
        return verify(phone, otherThan(otp), key);
      },
    ],
    ['not_authenticated', 401, 'Not signed in', 'Authentication credentials were not provided.', () => get(mePath)],
    [
      'bad_authorization_header',
      401,
      'Malformed Authorization header',
      'Authorization header must contain two space-delimited values',
      () => get(mePath, { Authorization: 'Bearer' }),
    ],
    [
      'access_token_not_valid',
      401,
      'Access token not valid',
      'Given token not valid for any token type',
      () => get(mePath, { Authorization: 'Bearer x' }),
    ],
    [
      'token_not_valid',
      401,
      'Token not valid',
      'Token is invalid or expired',
      () => post(refreshPath, { refresh: 'x' }),
    ],
    [
      'fresh_login_required',
      403,
      'Fresh sign-in required',
      'Sign in again to do this.',
      async () => {
        const { refresh } = await signIn();
        test.clock.advance(601);
        const { access } = JSON.parse((await post(refreshPath, { refresh })).text) as { access: string };
        const headers = { ...problemJson, Authorization: `Bearer ${access}` };
        return test.send({ method: 'DELETE', path: mePath, headers });
      },
    ],
    ['not_found', 404, 'Not found', 'Not found.', () => get('/api/nothing/')],
    [
      'invalid_page',
      404,
      'No such page',
      'Invalid page.',
      async () => get('/api/account/events/?page=2', await bearer()),
    ],
    ['method_not_allowed', 405, 'Method not allowed', 'Method "GET" not allowed.', () => get(verifyPath)],
    [
      'body_too_large',
      413,
      'Body too large',
      'Request body exceeds 8192 bytes.',
      () => post(verifyPath, 'x'.repeat(8192)),
    ],
    [
      'unsupported_media_type',
      415,
      'Unsupported media type',
      'Unsupported media type "text/plain" in request.',
      () => post(verifyPath, 'x', { 'Content-Type': 'text/plain' }),
    ],
    [
      'code_already_sent',
      429,
      'Code already sent',
      'Request was throttled. Expected available in 60 seconds.',
      async () => {
        await test.obtainOtp(phone);
        return post(requestOtpPath, { phone_number: phone });
      },
    ],
    [
      'server_error',
      500,
      'Server error',
      'A server error occurred.',
      () => {
        jest.spyOn(test.app.get(AccountService), 'requestOtp').mockRejectedValueOnce(new Error(`SELECT ${phone}`));
        return post(requestOtpPath, { phone_number: phone });
      },
    ],
    [
      'service_unavailable',
      503,
      'Service unavailable',
      'Service temporarily unavailable, try again later.',
      () => {
        const down = new ServiceUnavailable(new Error(`SELECT ${phone}`));
        jest.spyOn(test.app.get(AccountService), 'requestOtp').mockRejectedValueOnce(down);
        return post(requestOtpPath, { phone_number: phone });
      },
    ],
  ];

  it.each(rows)('%s is %d', async (...row) => {
    const provoke = row[4];
    expectProblem(await provoke(), row);
  });

  it('not_ready is 503, where the database is gone', async () => {
    const own = await TestApp.start(sqlite);
    await own.dataSource.destroy();
    const reply = await own.send({ method: 'GET', path: '/health/ready/', headers: problemJson });
    expectProblem(reply, ['not_ready', 503, 'Not ready', 'Not ready.']);
    await own.stop();
  });

  it('keeps the headers of the plain form', async () => {
    await test.obtainOtp(phone);
    expect((await post(requestOtpPath, { phone_number: phone })).headers).toMatchObject({
      'retry-after': '60',
      'cache-control': 'no-store',
    });
    expect((await get(mePath)).headers).toMatchObject({ 'www-authenticate': 'Bearer realm="api"' });
    expect((await get(verifyPath)).headers).toMatchObject({ allow: 'POST, OPTIONS' });
  });

  it('of an address past its limit is throttled, with the seconds of Retry-After', async () => {
    const own = await TestApp.start(sqlite, { THROTTLE_LIMIT: '1' });
    const ask = () => own.send({ method: 'GET', path: '/api/account/', headers: problemJson });
    await ask();
    const reply = await ask();
    const seconds = reply.headers['retry-after'];
    const detail = `Request was throttled. Expected available in ${seconds} seconds.`;
    expectProblem(reply, ['throttled', 429, 'Too many requests', detail]);
    await own.stop();
  });

  it.each([
    ['number_texts_hour', 'OTP_TEXTS_PER_HOUR', 'Too many texts to this number in an hour', '3540'],
    ['number_texts_day', 'OTP_TEXTS_PER_DAY', 'Too many texts to this number in a day', '3540'],
  ])('of a number past its texts is %s', async (code, name, title, seconds) => {
    const own = await TestApp.start(sqlite, { [name]: '1' });
    await own.obtainOtp(phone);
    own.clock.advance(60);
    const reply = await own.post(requestOtpPath, { phone_number: phone }, problemJson);
    const detail = `Request was throttled. Expected available in ${seconds} seconds.`;
    expectProblem(reply, [code, 429, title, detail]);
    expect(reply.headers['retry-after']).toBe(seconds);
    await own.stop();
  });

  it('of a number that another account is moving to is throttled', async () => {
    const moving = '+255754000001';
    const headers = await bearer();
    await post('/api/account/me/phone-number/', { phone_number: moving }, headers);
    await test.dataSource.query(`UPDATE otp_challenge SET account_id = 'another' WHERE phone_number = '${moving}'`);
    const reply = await post('/api/account/me/phone-number/', { phone_number: moving }, headers);
    const detail = 'Request was throttled. Expected available in 300 seconds.';
    expectProblem(reply, ['throttled', 429, 'Too many requests', detail]);
  });

  it('of a path with a bad escape is not_found', async () => {
    const raw =
      'GET /api/account/%zz/ HTTP/1.1\r\nHost: x\r\nAccept: application/problem+json\r\nConnection: close\r\n\r\n';
    expectProblem(await sendRaw(test.url, raw), ['not_found', 404, 'Not found', 'Not found.']);
  });

  it('of a wrong, an expired, a used and a never sent code is the same but for request_id', async () => {
    const replies: HttpReply[] = [];
    const otp = await test.obtainOtp(phone);
    replies.push(await verify(phone, otherThan(otp)), await verify('+12025550143', otp));
    await test.verify(phone, otp);
    replies.push(await verify(phone, otp));
    test.clock.advance(60);
    const late = await test.obtainOtp(phone);
    test.clock.advance(300);
    replies.push(await verify(phone, late), await verify('+19002345678', late));

    const same = replies.map(({ status, headers, text }) => ({
      status,
      text: text.replace(headers['x-request-id']!, ''),
      headers: { ...headers, date: '', 'x-request-id': '' },
    }));
    expectProblem(replies[0]!, ['invalid_otp', 400, 'Invalid code', 'Invalid OTP']);
    for (const reply of same) expect(reply).toEqual(same[0]);
  });
});

describe('invalid_fields', () => {
  const head = ['invalid_fields', 400, 'Invalid fields', 'Invalid fields.'] as const;
  const invalidNumber = 'Enter a valid phone number.';

  it.each([
    ['words', 'abc', 'not_a_phone_number'],
    ['no string', true, 'not_a_phone_number'],
    ['a list', [phone], 'not_a_phone_number'],
    ['an extension', `${phone} ext. 5`, 'not_a_phone_number'],
    ['digits that no number has', '+255000000000', 'not_a_phone_number'],
    ['no country code', '0679190720', 'invalid_country_code'],
    ['a country code that there is not', '+999679190720', 'invalid_country_code'],
    ['too few digits', '+25567919', 'too_short'],
    ['too many digits', '+2556791907201234', 'too_long'],
    ['a premium number', '+19002345678', 'not_a_mobile_number'],
    ['a number of another country', '+447911123456', 'country_not_served'],
  ])('of a phone number with %s', async (_name, phoneNumber, code) => {
    const reply = await post(requestOtpPath, { phone_number: phoneNumber });
    expectProblem(reply, head, { errors: [{ field: 'phone_number', code, message: invalidNumber }] });
    const plain = await test.post(requestOtpPath, { phone_number: phoneNumber });
    expect([plain.status, plain.text]).toEqual([400, `{"phone_number":["${invalidNumber}"]}`]);
  });

  it.each([
    ['missing', undefined, 'required', 'This field is required.'],
    ['null', null, 'null', 'This field may not be null.'],
    ['blank', ' ', 'blank', 'This field may not be blank.'],
    ['no string', true, 'not_a_string', 'Not a valid string.'],
    ['short', '12345', 'too_short', 'Ensure this field has at least 6 characters.'],
    ['long', '1234567', 'too_long', 'Ensure this field has no more than 6 characters.'],
    ['with NUL', '12345\0', 'null_characters_not_allowed', 'Null characters are not allowed.'],
    [
      'with half a character',
      '12345\ud800',
      'surrogate_characters_not_allowed',
      'Surrogate characters are not allowed: U+D800.',
    ],
  ])('of a code that is %s', async (_name, otp, code, message) => {
    const reply = await post(verifyPath, { phone_number: phone, otp });
    expectProblem(reply, head, { errors: [{ field: 'otp', code, message }] });
  });

  it('names each fault of each bad field, in the order of the documented fields', async () => {
    const reply = await post(verifyPath, { otp: '123456\0', phone_number: null });
    expectProblem(reply, head, {
      errors: [
        { field: 'phone_number', code: 'null', message: 'This field may not be null.' },
        { field: 'otp', code: 'too_long', message: 'Ensure this field has no more than 6 characters.' },
        { field: 'otp', code: 'null_characters_not_allowed', message: 'Null characters are not allowed.' },
      ],
    });
  });

  it.each([
    ['null', null, 'null', 'No data provided'],
    ['a list', [], 'invalid', 'Invalid data. Expected a dictionary, but got list.'],
  ])('of a body that is %s', async (_name, body, code, message) => {
    expectProblem(await post(verifyPath, body), head, { errors: [{ field: 'non_field_errors', code, message }] });
  });

  it('of a name with a wrong pattern', async () => {
    const reply = await test.send({
      method: 'PATCH',
      path: '/api/account/me/',
      headers: { 'Content-Type': 'application/json', ...problemJson, ...(await bearer()) },
      body: '{"locale":"sw_TZ"}',
    });
    const message = 'This value does not match the required pattern.';
    expectProblem(reply, head, { errors: [{ field: 'locale', code: 'wrong_pattern', message }] });
  });

  it('of a new number that is taken says unique', async () => {
    await test.verify('+255754000001', await test.obtainOtp('+255754000001'));
    const headers = await bearer();
    const taken = { phone_number: '+255754000001' };
    test.clock.advance(60);
    await post('/api/account/me/phone-number/', taken, headers);
    const otp = await test.lastCode(taken.phone_number);
    const reply = await post('/api/account/me/phone-number/verify/', { ...taken, otp }, headers);
    const message = 'This phone number belongs to another account.';
    expectProblem(reply, head, { errors: [{ field: 'phone_number', code: 'unique', message }] });
  });
});

describe('the page of problems', () => {
  const codes = Object.keys(problemTitles);

  it('is where every type points to', async () => {
    const { type } = JSON.parse((await verify(phone, '000000')).text) as { type: string };
    const { pathname, hash } = new URL(type, test.url);
    const { status, headers, text } = await test.send({ method: 'GET', path: pathname });
    expect([status, headers['content-type']]).toEqual([200, 'text/markdown; charset=utf-8']);
    expect(text).toBe(readFileSync(join(__dirname, '../docs/problems.md'), 'utf8'));
    expect(text).toContain(`\n## ${hash.slice(1)}\n`);
  });

  it('has a section for every code, and no other', () => {
    const page = readFileSync(join(__dirname, '../docs/problems.md'), 'utf8');
    const sections = [...page.matchAll(/^## (.*)$/gm)].map(([, title]) => title);
    expect(sections.toSorted()).toEqual(codes.toSorted());
  });
});
