import { execFileSync } from 'node:child_process';
import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { KeyRing } from '../src/key/key-ring';
import { scratchFolder, secrets } from './support/environment';
import { sqlite } from './support/databases';
import type { HttpReply } from './support/http-client';
import { TestApp } from './support/test-app';

type Json = Record<string, unknown>;
type Key = KeyObject | string | Buffer;

/** A valid token taken apart: put together again by `forge` it is accepted. */
interface Genuine {
  text: string;
  header: Json;
  claims: Json;
  key: Key;
}

const part = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

function signature(signed: string, key: Key, algorithm: string): Buffer {
  const hash = `sha${algorithm.slice(2)}`;
  if (algorithm.startsWith('HS')) return createHmac(hash, key).update(signed).digest();
  return sign(hash, Buffer.from(signed), { key: key as KeyObject, dsaEncoding: 'ieee-p1363' });
}

/** By hand (RFC 7515 section 5.1), so that no library stands in the way of a bad token. */
function forge({ header, claims, key }: Omit<Genuine, 'text'>, signedBy = String(header.alg)): string {
  const signed = `${part(header)}.${part(claims)}`;
  return `${signed}.${signature(signed, key, signedBy).toString('base64url')}`;
}

const without = (claims: Json, name: string) =>
  Object.fromEntries(Object.entries(claims).filter(([other]) => other !== name));

function takeApart(text: string, key: Key): Genuine {
  const read = (place: number) => JSON.parse(Buffer.from(text.split('.')[place]!, 'base64url').toString()) as Json;
  return { text, header: read(0), claims: read(1), key };
}

function withSignature({ text }: Genuine, change: (bytes: Buffer) => Buffer): string {
  const [header, claims, last] = text.split('.');
  return `${header}.${claims}.${change(Buffer.from(last!, 'base64url')).toString('base64url')}`;
}

const flipped = (place: number, bit: number) => (bytes: Buffer) =>
  Buffer.from(bytes.map((byte, at) => (at === place ? byte ^ bit : byte)));

/** The last of 43 characters holds two bits that no byte takes: four spellings decode to the same 32 bytes. */
function otherSpelling(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const other = text.slice(0, -1) + alphabet[alphabet.indexOf(text.at(-1)!) + 1];
  const bytes = (token: string) => Buffer.from(token.split('.')[2]!, 'base64url').toString('hex');
  if (bytes(other) !== bytes(text)) throw new Error('not the same bytes');
  return other;
}

const body = JSON.stringify({ detail: 'Token is invalid or expired', code: 'token_not_valid' });
const bearerBody =
  '{"detail":"Given token not valid for any token type","code":"token_not_valid","messages":' +
  '[{"token_class":"AccessToken","token_type":"access","message":"Token is invalid or expired"}]}';
const refusal = (text: string) => ({ status: 401, challenge: 'Bearer realm="api"', text });
const seen = ({ status, headers, text }: HttpReply) => ({ status, challenge: headers['www-authenticate'], text });

/** A service, a pair of its tokens, and the doors that each of them opens. */
class Target {
  private constructor(
    readonly test: TestApp,
    readonly access: Genuine,
    readonly refresh: Genuine,
  ) {}

  static async start(accessKey: Key, env: NodeJS.ProcessEnv): Promise<Target> {
    const test = await TestApp.start(sqlite, env);
    const reply = await test.verify('+255679190720', await test.obtainOtp('+255679190720'));
    const { access, refresh } = JSON.parse(reply.text) as { access: string; refresh: string };
    const refreshKey = new KeyRing([secrets.SECRET_KEY], 'refresh-token').newest.key;
    return new Target(test, takeApart(access, accessKey), takeApart(refresh, refreshKey));
  }

  me = (authorization?: string) =>
    this.test.send({
      method: 'GET',
      path: '/api/account/me/',
      headers: authorization === undefined ? {} : { Authorization: authorization },
    });
  ask = (token: string) => this.test.post('/api/account/token/verify/', { token });
  rotate = (refresh: string) => this.test.post('/api/account/token/refresh/', { refresh });

  /** `[where it is used, where it is asked about]`, with the clock at rest the same refresh token may be used again. */
  async accepted(access: string, refresh: string): Promise<number[]> {
    const replies = [this.me(`Bearer ${access}`), this.ask(access), this.rotate(refresh), this.ask(refresh)];
    return (await Promise.all(replies)).map(({ status }) => status);
  }

  async expectRefused(forgery: (genuine: Genuine) => string): Promise<void> {
    const [access, refresh] = [forgery(this.access), forgery(this.refresh)];
    expect(seen(await this.me(`Bearer ${access}`))).toEqual(refusal(bearerBody));
    for (const door of [this.ask(access), this.rotate(refresh), this.ask(refresh)])
      expect(seen(await door)).toEqual(refusal(body));
    expect(await this.accepted(forge(this.access), forge(this.refresh))).toEqual([200, 200, 200, 200]);
  }
}

/** Where forged headers send a service that would believe them. */
const asked: string[] = [];
let bait: Server;
let baitUrl = '';
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
const strangerJwk = stranger.publicKey.export({ format: 'jwk' });

beforeAll(async () => {
  bait = createServer((request, reply) => {
    asked.push(request.url ?? '');
    reply.end(JSON.stringify({ keys: [{ ...strangerJwk, kid: 'a', alg: 'RS256', use: 'sig' }] }));
  }).listen(0, '127.0.0.1');
  await once(bait, 'listening');
  baitUrl = `http://127.0.0.1:${(bait.address() as AddressInfo).port}`;
});
afterAll(() => void bait.close());
afterEach(() => expect(asked).toEqual([]));

const header = (more: Json) => (it: Genuine) => forge({ ...it, header: { ...it.header, ...more } }, 'HS256');
const unsigned = (alg: unknown) => (it: Genuine) => `${part({ ...it.header, alg })}.${part(it.claims)}.`;
const claim = (name: string, value: unknown) => (it: Genuine) =>
  forge({ ...it, claims: { ...it.claims, [name]: value } });
const lacking = (name: string) => (it: Genuine) => forge({ ...it, claims: without(it.claims, name) });
const keyed = (key: Key) => (it: Genuine) => forge({ ...it, key });
const strange = (more: () => Json) => (it: Genuine) =>
  forge({ ...it, header: { ...it.header, alg: 'RS256', ...more() }, key: stranger.privateKey });
const issuedAt = (it: Genuine) => Number(it.claims.iat);
const required = ['exp', 'iat', 'jti', 'sub', 'sid', 'token_type', 'iss', 'aud'];

describe('a service that signs by HS256', () => {
  let target: Target;
  beforeAll(async () => {
    target = await Target.start(secrets.JWT_SECRET, { JWT_ISSUER: 'https://id.hodi.test', JWT_AUDIENCE: 'app' });
  });
  afterAll(() => target.test.stop());

  it('accepts tokens that the hand of this file put together, byte for byte its own', () => {
    expect([forge(target.access), forge(target.refresh)]).toEqual([target.access.text, target.refresh.text]);
  });

  it.each<[string, (genuine: Genuine) => string]>([
    ['alg none and no signature', unsigned('none')],
    ['alg NONE and no signature', unsigned('NONE')],
    ['alg None and no signature', unsigned('None')],
    ['alg HS256 and no signature', unsigned('HS256')],
    ['alg none over a right signature', header({ alg: 'none' })],
    ['alg hs256', header({ alg: 'hs256' })],
    ['alg in a list', header({ alg: ['HS256'] })],
    ['no alg', (it) => forge({ ...it, header: { typ: 'JWT' } }, 'HS256')],
    ['HS384 by the right key', (it) => forge({ ...it, header: { ...it.header, alg: 'HS384' } })],
    ['HS512 by the right key', (it) => forge({ ...it, header: { ...it.header, alg: 'HS512' } })],
    ['HS512 by the right key under the name of HS256', (it) => forge(it, 'HS512')],
    ['RS256 by a key of a stranger', strange(() => ({}))],
    ['RS256 by the key at its jku', strange(() => ({ kid: 'a', jku: `${baitUrl}/jwks.json` }))],
    ['RS256 by the key at its x5u', strange(() => ({ x5u: `${baitUrl}/chain.pem` }))],
    ['RS256 by the key in its jwk', strange(() => ({ jwk: strangerJwk }))],
    ['RS256 by the key at the URL in its kid', strange(() => ({ kid: `${baitUrl}/key` }))],
    ['a jku beside a right signature', (it) => header({ jku: `${baitUrl}/jwks.json` })(it)],
    ['an x5u beside a right signature', (it) => header({ x5u: `${baitUrl}/chain.pem` })(it)],
    ['a jwk beside a right signature', header({ jwk: { kty: 'oct', k: 'AAAA' } })],
    ['an x5c', header({ x5c: ['MIIB'] })],
    ['a crit', header({ crit: ['exp'] })],
    ['an unencoded payload', header({ b64: false, crit: ['b64'] })],
    ['a header member that nobody knows', header({ hodi: 1 })],
    ['a kid that is empty', header({ kid: '' })],
    ['a kid that is a path', header({ kid: '../../../../dev/null' })],
    ['a kid that is SQL', header({ kid: "x' UNION SELECT 'AAAA' --" })],
    ['a kid with NUL', header({ kid: 'a\0b' })],
    ['a kid where no key has one', header({ kid: 'a' })],
    ['typ at+jwt', header({ typ: 'at+jwt' })],
    ['typ as a number', header({ typ: 1 })],
    ['a header that is null', (it) => `${part('null')}.${it.text.split('.').slice(1).join('.')}`],
    ['a header that is no JSON', (it) => `${part('{')}.${it.text.split('.').slice(1).join('.')}`],
    ['claims in a list', (it) => forge({ ...it, claims: [it.claims] as unknown as Json })],
    [
      'claims of another account under the old signature',
      (it) => [part(it.header), part({ ...it.claims, sub: it.claims.sid }), it.text.split('.')[2]].join('.'),
    ],
    ...required.map((name): [string, (it: Genuine) => string] => [`no ${name}`, lacking(name)]),
    ...['jti', 'sub', 'sid', 'token_type', 'iss', 'aud'].flatMap((name): [string, (it: Genuine) => string][] => [
      [`a number as ${name}`, claim(name, 1)],
      [`an empty ${name}`, claim(name, '')],
      [`null as ${name}`, claim(name, null)],
    ]),
    ['text as exp', claim('exp', '9999999999')],
    ['text as iat', claim('iat', '0')],
    ['null as exp', claim('exp', null)],
    ['token_type sliding', claim('token_type', 'sliding')],
    ['another issuer', claim('iss', 'https://id.other.test')],
    ['another audience', claim('aud', 'app2')],
    ['exp of this second', (it) => claim('exp', issuedAt(it))(it)],
    ['nbf in an hour', (it) => claim('nbf', issuedAt(it) + 3_600)(it)],
    ['a key that is empty', keyed('')],
    ['SECRET_KEY as it stands', keyed(secrets.SECRET_KEY)],
    [
      'a key derived from another SECRET_KEY',
      keyed(new KeyRing([`${secrets.SECRET_KEY}x`], 'refresh-token').newest.key),
    ],
    ['a key derived for another purpose', keyed(new KeyRing([secrets.SECRET_KEY], 'otp').newest.key)],
    ['a JWT_SECRET with one more character', keyed(`${secrets.JWT_SECRET}x`)],
    ['a signature one byte shorter', (it) => withSignature(it, (bytes) => bytes.subarray(0, -1))],
    ['a signature one byte longer', (it) => withSignature(it, (bytes) => Buffer.concat([bytes, Buffer.alloc(1)]))],
    ['a signature with its first bit flipped', (it) => withSignature(it, flipped(0, 0x80))],
    ['a signature with its last bit flipped', (it) => withSignature(it, flipped(31, 1))],
    ['a signature with padding', (it) => `${it.text}=`],
    ['a signature in other letters for the same bytes', (it) => otherSpelling(it.text)],
    ['two parts', (it) => it.text.split('.').slice(0, 2).join('.')],
    ['four parts', (it) => `${it.text}.`],
    ['four parts, the first one empty', (it) => `.${it.text}`],
    ['nothing but dots', () => '..'],
    ['6 kB of letters', () => 'a'.repeat(6_000)],
    ['6 kB of dots', () => '.'.repeat(6_000)],
    ['a letter beyond ASCII', (it) => `${it.text}é`],
  ])('refuses %s', (_name, forgery) => target.expectRefused(forgery));

  it.each([
    ['a space', (text: string) => text.replace('.', '. ')],
    ['a line break', (text: string) => text.replace('.', '\n.')],
    ['a tab in a part', (text: string) => `${text.slice(0, 9)}\t${text.slice(9)}`],
    ['letters of another script', (text: string) => text.replaceAll('e', 'е')],
  ])('refuses a token with %s inside', async (_name, change) => {
    const { access, refresh } = target;
    for (const door of [target.ask(change(access.text)), target.rotate(change(refresh.text))])
      expect(seen(await door)).toEqual(refusal(body));
  });

  it('takes no access token for a refresh token, nor the reverse, whatever it says of itself', async () => {
    const { access, refresh } = target;
    const renamed = (it: Genuine, token_type: string) => forge({ ...it, claims: { ...it.claims, token_type } });
    for (const token of [access.text, renamed(access, 'refresh'), renamed(refresh, 'access')])
      expect(seen(await target.rotate(token))).toEqual(refusal(body));
    for (const token of [refresh.text, renamed(refresh, 'access'), renamed(access, 'refresh')])
      expect(seen(await target.me(`Bearer ${token}`))).toEqual(refusal(bearerBody));
    for (const token of [renamed(access, 'refresh'), renamed(refresh, 'access')])
      expect(seen(await target.ask(token))).toEqual(refusal(body));
  });

  it('asks for a token that is blank as for any field', async () => {
    expect(await target.rotate('')).toMatchObject({
      status: 400,
      text: '{"refresh":["This field may not be blank."]}',
    });
    expect(await target.ask('')).toMatchObject({ status: 400, text: '{"token":["This field may not be blank."]}' });
  });

  const notProvided = '{"detail":"Authentication credentials were not provided."}';
  const badHeader =
    '{"detail":"Authorization header must contain two space-delimited values","code":"bad_authorization_header"}';
  it.each([
    ['no header', undefined, notProvided],
    ['an empty header', '', notProvided],
    ['Basic', 'Basic dXNlcjpwYXNz', notProvided],
    ['bearer in small letters', 'bearer a', notProvided],
    ['a token without a scheme', 'a.b.c', notProvided],
    ['Bearer alone', 'Bearer', badHeader],
    ['Bearer and a space', 'Bearer ', badHeader],
    ['Bearer and two words', 'Bearer a b', badHeader],
    ['Bearer and a bad token', 'Bearer a', bearerBody],
  ])('answers %s as simplejwt does', async (_name, authorization, text) => {
    expect(seen(await target.me(authorization))).toEqual(refusal(text));
  });

  it('accepts a token in the second before its end, and refuses it in the next', async () => {
    target.test.clock.advance(599);
    const { access, refresh } = target;
    expect((await target.me(`Bearer ${access.text}`)).status).toBe(200);
    target.test.clock.advance(1);
    expect(seen(await target.me(`Bearer ${access.text}`))).toEqual(refusal(bearerBody));
    expect(seen(await target.ask(access.text))).toEqual(refusal(body));
    target.test.clock.advance(Number(refresh.claims.exp) - issuedAt(refresh) - 600);
    for (const door of [target.rotate(refresh.text), target.ask(refresh.text)])
      expect(seen(await door)).toEqual(refusal(body));
  });
});

describe.each(['ES256', 'RS256'])('a service that signs by %s', (algorithm) => {
  let target: Target;
  const file = join(scratchFolder(), 'key.pem');
  beforeAll(async () => {
    execFileSync(process.execPath, [join(__dirname, '../dist/cli/new-key.js'), file, algorithm.toLowerCase()]);
    target = await Target.start(createPrivateKey(readFileSync(file)), { JWT_KEY_FILES: file, JWT_SECRET: '' });
  });
  afterAll(() => target.test.stop());

  const publicKey = () => createPublicKey(readFileSync(file));
  const pem = () => publicKey().export({ type: 'spki', format: 'pem' }).toString();
  const hmac =
    (key: () => Key, more: Json = {}) =>
    (it: Genuine) =>
      forge({ claims: it.claims, header: { ...it.header, alg: 'HS256', ...more }, key: key() });
  const own = (more: Json) => (it: Genuine) => forge({ ...it, header: { ...it.header, ...more } }, algorithm);

  it('accepts an access token that the hand of this file put together', async () => {
    expect(target.access.header).toEqual({ alg: algorithm, typ: 'JWT', kid: expect.any(String) as string });
    expect((await target.me(`Bearer ${forge(target.access)}`)).status).toBe(200);
  });

  it.each<[string, (genuine: Genuine) => string]>([
    ['HS256 with the public key as PEM', hmac(pem)],
    ['HS256 with the public key as PEM, trimmed', hmac(() => pem().trim())],
    ['HS256 with the public key as PEM, without kid', hmac(pem, { kid: undefined })],
    ['HS256 with the public key as DER', hmac(() => publicKey().export({ type: 'spki', format: 'der' }))],
    ['HS256 with the public key as JWK', hmac(() => JSON.stringify(publicKey().export({ format: 'jwk' })))],
    ['HS256 with the kid as key', (it) => hmac(() => String(it.header.kid))(it)],
    ['HS256 with an empty key', hmac(() => '')],
    ['HS256 with the JWT_SECRET of another service', hmac(() => secrets.JWT_SECRET)],
    ['HS256 in the header over its own signature', own({ alg: 'HS256' })],
    ['none in the header over its own signature', own({ alg: 'none' })],
    ['none without a signature', unsigned('none')],
    ['the key of a stranger under its kid', strange(() => ({}))],
    ['the key of a stranger at its jku', strange(() => ({ jku: `${baitUrl}/jwks.json` }))],
    ['the key of a stranger in its jwk', strange(() => ({ jwk: strangerJwk }))],
    ['a jku beside a right signature', (it) => own({ jku: `${baitUrl}/jwks.json` })(it)],
    ['a crit beside a right signature', own({ crit: ['kid'] })],
    ['no kid', own({ kid: undefined })],
    ['another kid', own({ kid: 'a' })],
    ['a kid with a path before it', (it) => own({ kid: `./${String(it.header.kid)}` })(it)],
    ['a kid with SQL behind it', (it) => own({ kid: `${String(it.header.kid)}' OR '1'='1` })(it)],
    ['a kid with NUL behind it', (it) => own({ kid: `${String(it.header.kid)}\0` })(it)],
    ['a kid in a list', (it) => own({ kid: [it.header.kid] })(it)],
    ['a signature of zeros', (it) => withSignature(it, (bytes) => Buffer.alloc(bytes.length))],
    ['typ at+jwt', own({ typ: 'at+jwt' })],
    ...['exp', 'iat', 'jti', 'sub', 'sid', 'token_type'].map((name): [string, (it: Genuine) => string] => [
      `no ${name}`,
      lacking(name),
    ]),
  ])('refuses %s', async (_name, forgery) => {
    const token = forgery(target.access);
    expect(seen(await target.me(`Bearer ${token}`))).toEqual(refusal(bearerBody));
    expect(seen(await target.ask(token))).toEqual(refusal(body));
    expect((await target.me(`Bearer ${forge(target.access)}`)).status).toBe(200);
  });
});
