import { createHmac } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { mysql, sqlite } from './support/databases';
import { mysqlUrl } from './support/environment';
import { postJson, requestOtpPath, send, verifyPath, type HttpReply } from './support/http-client';
import { ServiceProcess } from './support/service-process';
import { TestApp } from './support/test-app';

interface Pair {
  access: string;
  refresh: string;
}

/** One service, on one node or several. */
interface Service {
  /** In turn. */
  url(index: number): string;
  codeFor(phone: string): Promise<string>;
  query(sql: string): Promise<unknown>;
  /** On its clock. */
  now(): Date;
  stop(): Promise<unknown>;
}

const importSecret = 'kT4vYb8NqWz2XsGm6RjHc9PfLd3UaEo7Ii5OwBxV';

async function oneNode(): Promise<Service> {
  const test = await TestApp.start(sqlite, { SIMPLEJWT_SECRET: importSecret });
  return {
    url: () => test.url,
    codeFor: (phone) => test.lastCode(phone),
    query: (sql) => test.dataSource.query(sql),
    now: () => test.clock.now(),
    stop: () => test.stop(),
  };
}

async function twoNodes(): Promise<Service> {
  const env = { DATABASE_URL: await mysql.create(), SIMPLEJWT_SECRET: importSecret };
  const first = await ServiceProcess.start(env);
  const nodes = [first, await ServiceProcess.start({ ...env, DATA_DIR: first.dataDir })];
  const database = await createConnection(env.DATABASE_URL);
  return {
    url: (index) => nodes[index % 2]!.url,
    codeFor: (phone) => first.codeFor(phone),
    query: async (sql) => (await database.query(sql))[0],
    now: () => new Date(),
    stop: () => Promise.all([database.end(), ...nodes.map((node) => node.stop())]),
  };
}

const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Record<string, unknown>;

/** A refresh token of the stack left behind: the one way to open sessions of one account side by side. */
function signedElsewhere(jti: string, now: Date): string {
  const iat = Math.floor(now.getTime() / 1000);
  const parts = [
    { alg: 'HS256', typ: 'JWT' },
    { token_type: 'refresh', iat, exp: iat + 86_400, jti, user_id: 7 },
  ];
  const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${createHmac('sha256', importSecret).update(text).digest('base64url')}`;
}

const times = <T>(count: number, action: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => action(index)));
const statuses = (replies: HttpReply[]) => {
  const counts: Record<number, number> = {};
  for (const { status } of replies) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};
const pairIn = ({ text }: HttpReply) => JSON.parse(text) as Pair;
const refreshIn = (replies: HttpReply[]) => new Set(replies.map((reply) => pairIn(reply).refresh));

const places = [
  { name: 'one node on SQLite', start: oneNode, left: false },
  { name: 'two nodes on one MySQL (skipped without TEST_MYSQL_URL)', start: twoNodes, left: mysqlUrl === undefined },
];

let made = 0;

for (const { name, start, left } of places) {
  (left ? describe.skip : describe)(name, () => {
    let service: Service;
    beforeAll(async () => void (service = await start()));
    beforeEach(async () => {
      for (const table of ['account', 'otp_challenge', 'session', 'auth_event'])
        await service.query(`DELETE FROM ${table}`);
    });
    afterAll(() => service.stop());

    const imported = (jti: string) => signedElsewhere(jti, service.now());
    const token = (index: number, action: string, body: object) =>
      postJson(service.url(index), `/api/account/token/${action}/`, body);
    const refresh = (index: number, it: string) => token(index, 'refresh', { refresh: it });
    const blacklist = (index: number, it: string) => token(index, 'blacklist', { refresh: it });
    const statusOfMe = async (index: number, access: string) => {
      const headers = { Authorization: `Bearer ${access}` };
      return (await send(service.url(index), { method: 'GET', path: '/api/account/me/', headers })).status;
    };
    const eventsOf = (kind: string) => service.query(`SELECT session_id FROM auth_event WHERE kind = '${kind}'`);

    /** Each time for another number, as the file of texts is never emptied. */
    async function signIn(): Promise<Pair> {
      const phone_number = `+25567919${1_000 + (made += 1)}`;
      await postJson(service.url(0), requestOtpPath, { phone_number });
      const otp = await service.codeFor(phone_number);
      return pairIn(await postJson(service.url(0), verifyPath, { phone_number, otp }));
    }

    /** The first of the given number of refresh tokens of one session, and those after it. */
    async function generations(count: number): Promise<string[]> {
      const all = [(await signIn()).refresh];
      while (all.length < count) all.push(pairIn(await refresh(all.length, all.at(-1)!)).refresh);
      return all;
    }

    async function expectDead(it: string): Promise<void> {
      const replies = await times(4, (index) =>
        index < 2 ? refresh(index, it) : token(index, 'verify', { token: it }),
      );
      expect(statuses(replies)).toEqual({ 401: 4 });
    }

    it('gives 100 parallel refreshes with one token one successor, in one live row', async () => {
      const { refresh: first } = await signIn();
      const replies = await times(100, (index) => refresh(index, first));

      expect(statuses(replies)).toEqual({ 200: 100 });
      const [successor, ...others] = refreshIn(replies);
      expect(others).toEqual([]);
      expect(new Set(replies.map((reply) => claimsOf(pairIn(reply).access).jti)).size).toBe(100);
      expect(await service.query('SELECT refresh_jti, previous_jti, revoked_at FROM session')).toEqual([
        { refresh_jti: claimsOf(successor!).jti, previous_jti: claimsOf(first).jti, revoked_at: null },
      ]);
      expect((await refresh(0, successor!)).status).toBe(200);
    });

    it('ends a session that is refreshed and signed out at once, whoever comes first', async () => {
      for (let round = 0; round < 10; round += 1) {
        const { refresh: first } = await signIn();
        const replies = await times(6, (index) => (index === round % 6 ? blacklist(1, first) : refresh(index, first)));

        expect(replies[round % 6]).toMatchObject({ status: 200, text: '{}' });
        const renewed = replies.filter(({ text }) => text.startsWith('{"') && text.includes('"access"'));
        expect(statuses(replies)).toEqual(
          renewed.length === 5 ? { 200: 6 } : { 200: 1 + renewed.length, 401: 5 - renewed.length },
        );
        for (const it of [first, ...refreshIn(renewed)]) await expectDead(it);
        for (const reply of renewed) expect(await statusOfMe(1, pairIn(reply).access)).toBe(401);
      }
      expect(await service.query('SELECT id FROM session WHERE revoked_at IS NULL')).toEqual([]);
      expect(await eventsOf('signed_out')).toHaveLength(10);
      expect(await eventsOf('refresh_token_reused')).toEqual([]);
    });

    it('closes a session once for two old tokens that are used at once', async () => {
      const [first, second, , newest] = await generations(4);
      const replies = await times(10, (index) => refresh(index >> 1, index % 2 === 0 ? first! : second!));

      expect(statuses(replies)).toEqual({ 401: 10 });
      await expectDead(newest!);
      expect(await eventsOf('refresh_token_reused')).toEqual([{ session_id: claimsOf(newest!).sid }]);
    });

    it('closes a session whose oldest token is used beside the current one and the one before', async () => {
      for (let round = 0; round < 5; round += 1) {
        const all = await generations(3);
        const replies = await times(6, (index) => refresh(index >> 1, all[(index + round) % 3]!));

        const stolen = replies.filter((_reply, index) => (index + round) % 3 === 0);
        expect(statuses(stolen)).toEqual({ 401: 2 });
        const renewed = refreshIn(replies.filter(({ status }) => status === 200));
        for (const it of [...all, ...renewed]) await expectDead(it);
      }
      expect(await eventsOf('refresh_token_reused')).toHaveLength(5);
    });

    it('refuses the access token of a closed session at once where it was closed, and elsewhere within 5 s', async () => {
      const { access, refresh: newest } = await signIn();
      expect([await statusOfMe(0, access), await statusOfMe(1, access)]).toEqual([200, 200]);
      expect((await blacklist(0, newest)).status).toBe(200);

      expect(await statusOfMe(0, access)).toBe(401);
      await expectDead(newest);
      const deadline = performance.now() + 6_000;
      let status = 200;
      while (status === 200 && performance.now() < deadline) {
        await setImmediate();
        status = await statusOfMe(1, access);
      }
      expect(status).toBe(401);
      expect([await statusOfMe(0, access), await statusOfMe(1, access)]).toEqual([401, 401]);
    });

    it('refuses the access token at once on each node that a sign-out comes to, also as a repetition', async () => {
      const { access, refresh: newest } = await signIn();
      expect([await statusOfMe(0, access), await statusOfMe(1, access)]).toEqual([200, 200]);
      for (const node of [0, 1]) {
        expect(await blacklist(node, newest)).toMatchObject({ status: 200, text: '{}' });
        expect(await statusOfMe(node, access)).toBe(401);
      }
      expect(await eventsOf('signed_out')).toHaveLength(1);
    });

    it('leaves 10 sessions after 20 parallel sign-ins of one account', async () => {
      await signIn();
      await service.query("UPDATE account SET imported_user_id = '7'");
      const replies = await times(20, (index) => refresh(index, imported(`old-${index}`)));

      expect(statuses(replies)).toEqual({ 200: 20 });
      expect(refreshIn(replies).size).toBe(20);
      expect(await service.query('SELECT id FROM session WHERE revoked_at IS NULL')).toHaveLength(10);
      expect(await service.query('SELECT id FROM session')).toHaveLength(21);
    });

    it('opens one session for 20 parallel exchanges of one token of the stack left behind', async () => {
      await signIn();
      await service.query("UPDATE account SET imported_user_id = '7'");
      const old = imported('old');
      const replies = await times(20, (index) => refresh(index, old));

      expect(statuses(replies)).toEqual({ 200: 20 });
      expect(refreshIn(replies).size).toBe(1);
      expect(await service.query('SELECT id FROM session')).toHaveLength(2);
    });

    it('leaves no session open for a token of the stack left behind that is exchanged and signed out at once', async () => {
      await signIn();
      await service.query("UPDATE account SET imported_user_id = '7'");
      await service.query('DELETE FROM session');
      for (let round = 0; round < 10; round += 1) {
        const old = imported(`left-${round}`);
        const replies = await times(6, (index) => (index === round % 6 ? blacklist(index, old) : refresh(index, old)));
        expect(replies[round % 6]).toMatchObject({ status: 200, text: '{}' });
        await expectDead(old);
      }
      expect(await service.query('SELECT id FROM session WHERE revoked_at IS NULL')).toEqual([]);
      expect(await eventsOf('refresh_token_reused')).toEqual([]);
    });

    it('closes a session once for a token of the stack left behind that is used 10 times after its successor', async () => {
      await signIn();
      await service.query("UPDATE account SET imported_user_id = '7'");
      const old = imported('stolen');
      const { refresh: first } = pairIn(await refresh(0, old));
      const { refresh: second } = pairIn(await refresh(1, first));
      expect(statuses(await times(10, (index) => refresh(index, old)))).toEqual({ 401: 10 });
      await expectDead(second);
      expect(await eventsOf('refresh_token_reused')).toEqual([{ session_id: claimsOf(first).sid }]);
    });

    it('refuses 20 parallel exchanges of a user that it does not know', async () => {
      const old = imported('unknown');
      expect(statuses(await times(20, (index) => refresh(index, old)))).toEqual({ 401: 20 });
      expect(await service.query('SELECT jti FROM spent_foreign_token')).not.toContainEqual({ jti: 'unknown' });
    });
  });
}
