import { createHmac } from 'node:crypto';
import { execFileSync, spawnSync } from 'node:child_process';
import { Session } from '../src/session/session.entity';
import { secrets } from './support/environment';
import { sqlite } from './support/databases';
import { TestApp } from './support/test-app';

const phone = '+255679190720';

interface Pair {
  access: string;
  refresh: string;
}

async function signIn(test: TestApp): Promise<Pair> {
  test.clock.advance(1_000);
  return JSON.parse((await test.verify(phone, await test.obtainOtp(phone))).text) as Pair;
}

function decode(token: string) {
  const [header, payload] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString());
  return { header, claims: JSON.parse(payload ?? '') as Record<string, unknown> };
}

function signedWith(token: string, secret: string): boolean {
  const [header, payload, signature] = token.split('.');
  return createHmac('sha256', secret).update(`${header}.${payload}`).digest('base64url') === signature;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('tokens', () => {
  let test: TestApp;
  beforeAll(async () => void (test = await TestApp.start(sqlite)));
  beforeEach(() => test.reset());
  afterAll(() => test.stop());

  it('have the header of the original to the letter', async () => {
    const { access, refresh } = await signIn(test);
    expect([decode(access).header, decode(refresh).header]).toEqual(Array(2).fill('{"alg":"HS256","typ":"JWT"}'));
  });

  it('carry exactly the documented claims', async () => {
    const { access, refresh } = await signIn(test);
    const issuedAt = Math.floor(test.clock.now().getTime() / 1000);
    const session = await test.dataSource.getRepository(Session).findOneByOrFail({});
    const common = { iat: issuedAt, user_id: session.accountId, sub: session.accountId, sid: session.id };

    expect(decode(access).claims).toEqual({
      ...common,
      token_type: 'access',
      exp: issuedAt + 600,
      jti: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
    });
    expect(decode(refresh).claims).toEqual({
      ...common,
      token_type: 'refresh',
      exp: issuedAt + 2_592_000,
      jti: session.refreshJti,
    });
    expect(Object.keys(decode(access).claims)).toEqual(Object.keys(decode(refresh).claims));
    expect([session.accountId, session.id]).toEqual([expect.stringMatching(uuid), expect.stringMatching(uuid)]);
  });

  it('tell nothing of the phone number', async () => {
    const { access, refresh } = await signIn(test);
    for (const token of [access, refresh]) expect(JSON.stringify(decode(token))).not.toContain(phone.slice(1));
  });

  it('are signed with different keys, the access token with JWT_SECRET as it stands', async () => {
    const { access, refresh } = await signIn(test);
    expect(signedWith(access, secrets.JWT_SECRET)).toBe(true);
    expect(signedWith(refresh, secrets.JWT_SECRET)).toBe(false);
    expect(signedWith(refresh, secrets.SECRET_KEY)).toBe(false);
  });

  it('are new at each sign-in, of a session of its own', async () => {
    const [first, second] = [await signIn(test), await signIn(test)];
    const claims = [first, second].flatMap(({ access, refresh }) => [decode(access).claims, decode(refresh).claims]);
    expect(new Set(claims.map(({ jti }) => jti)).size).toBe(4);
    expect(new Set(claims.map(({ sid }) => sid)).size).toBe(2);
    expect(new Set(claims.map(({ sub }) => sub)).size).toBe(1);
  });
});

describe('tokens with settings of their own', () => {
  it('live as long as they are told, and name issuer and audience', async () => {
    const test = await TestApp.start(sqlite, {
      JWT_SECRET: `Zq8WfKx2LmVt9RbNc4YhGs7PdJe3UaTi5OoHyXwB,${secrets.JWT_SECRET}`,
      JWT_ISSUER: 'https://id.hodi.test',
      JWT_AUDIENCE: 'app',
      ACCESS_TOKEN_TTL_SECONDS: '60',
      REFRESH_TOKEN_IDLE_SECONDS: '120',
      REFRESH_TOKEN_MAX_SECONDS: '120',
    });
    const { access, refresh } = await signIn(test);
    await test.stop();
    for (const [token, life] of [
      [access, 60],
      [refresh, 120],
    ] as const) {
      const { claims } = decode(token);
      expect(claims).toMatchObject({ iss: 'https://id.hodi.test', aud: 'app' });
      expect(Number(claims.exp) - Number(claims.iat)).toBe(life);
    }
    expect(signedWith(access, 'Zq8WfKx2LmVt9RbNc4YhGs7PdJe3UaTi5OoHyXwB')).toBe(true);
  });
});

/** What a service of the original stack does with a token that it was given. */
const askSimplejwt = `
import sys, django
from django.conf import settings
settings.configure(SECRET_KEY="unused", SIMPLE_JWT={"SIGNING_KEY": sys.argv[1], "ALGORITHM": "HS256", "USER_ID_CLAIM": sys.argv[3]}, INSTALLED_APPS=[], USE_TZ=True)
django.setup()
from rest_framework_simplejwt.tokens import AccessToken
print(AccessToken(sys.argv[2])[sys.argv[3]])
`;
const simplejwt = spawnSync('/usr/bin/python3', ['-c', 'import rest_framework_simplejwt']).status === 0;

(simplejwt ? describe : describe.skip)('simplejwt (skipped without python3-djangorestframework-simplejwt)', () => {
  const accepted = (token: string, claim: string) =>
    execFileSync('/usr/bin/python3', ['-c', askSimplejwt, secrets.JWT_SECRET, token, claim], { stdio: 'pipe' });

  it.each(['user_id', 'sub'])('accepts the access token with the same key and USER_ID_CLAIM %s', async (claim) => {
    const test = await TestApp.start(sqlite);
    // simplejwt asks the machine for the time; signing in takes a while on the clock of the test.
    test.clock.advance((new Date().getTime() - test.clock.now().getTime()) / 1000 - 1_010);
    const { access, refresh } = await signIn(test).finally(() => test.stop());
    expect(accepted(access, claim).toString().trim()).toBe(decode(access).claims.sub);
    expect(() => accepted(refresh, claim)).toThrow();
  });
});
