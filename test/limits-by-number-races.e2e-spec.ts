import { createConnection } from 'mysql2/promise';
import { mysql, sqlite } from './support/databases';
import { mysqlUrl, secrets } from './support/environment';
import { postJson, requestOtpPath, verifyPath, type HttpReply } from './support/http-client';
import { addressOf, askFrom, deviceTokenIn, guessFrom, limitedByNumber, wrongFor } from './support/number-calls';
import { ServiceProcess } from './support/service-process';
import { TestApp } from './support/test-app';

/** One service, on one node or several. */
interface Service {
  /** In turn. */
  url(index: number): string;
  /** The code in the last text to a number. */
  codeFor(phone: string): Promise<string>;
  query<Row>(sql: string): Promise<Row[]>;
  /** Under a new `SECRET_KEY` and the former one. */
  rotate(): Promise<void>;
  stop(): Promise<unknown>;
}

const rotated = `Zs3XdC5fVgB7hNjM9kLqA1wSeD2rFtG4yHuJ6iKo,${secrets.SECRET_KEY}`;
/** No challenge is asked for: a race is not about one. */
const env = { ...limitedByNumber, CAPTCHA_MODE: 'off' };
const codeIn = (text: string) => /^[0-9B-DF-HJ-NP-TV-XZ]{6}\b/.exec(text)![0];

async function oneNode(): Promise<Service> {
  const url = await sqlite.create();
  const start = (more = {}) => TestApp.start({ name: 'SQLite', create: async () => url }, { ...env, ...more });
  let test = await start();
  return {
    url: () => test.url,
    codeFor: async (phone) => {
      await test.textsSent();
      return codeIn(test.inbox.to(phone).at(-1)!.text);
    },
    query: (sql) => test.dataSource.query(sql),
    rotate: async () => {
      await test.stop();
      test = await start({ SECRET_KEY: rotated });
    },
    stop: () => test.stop(),
  };
}

async function twoNodes(): Promise<Service> {
  const DATABASE_URL = await mysql.create();
  const first = await ServiceProcess.start({ ...env, DATABASE_URL });
  const { dataDir: DATA_DIR } = first;
  const start = (more = {}) => ServiceProcess.start({ ...env, DATABASE_URL, DATA_DIR, ...more });
  let nodes = [first, await start()];
  const database = await createConnection(DATABASE_URL);
  return {
    url: (index) => nodes[index % 2]!.url,
    codeFor: async (phone) => codeIn(await nodes[0]!.textTo(phone)),
    query: async <Row>(sql: string) => (await database.query(sql))[0] as Row[],
    rotate: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
      nodes = [await start({ SECRET_KEY: rotated }), await start({ SECRET_KEY: rotated })];
    },
    stop: () => Promise.all([database.end(), ...nodes.map((node) => node.stop())]),
  };
}

const times = <T>(count: number, action: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => action(index)));
const statuses = (replies: HttpReply[]) => {
  const counts: Record<number, number> = {};
  for (const { status } of replies) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

const places = [
  { name: 'one node on SQLite', start: oneNode, left: false },
  { name: 'two nodes on one MySQL (skipped without TEST_MYSQL_URL)', start: twoNodes, left: mysqlUrl === undefined },
];
const home = { address: '203.0.113.7' };
let made = 0;

for (const { name, start, left } of places) {
  (left ? describe.skip : describe)(`limits by number, under parallel requests, ${name}`, () => {
    let service: Service;
    /** Each time another one, as the file of texts is never emptied. */
    let phone: string;
    beforeAll(async () => void (service = await start()), 90_000);
    beforeEach(async () => {
      phone = `+25567919${3_000 + (made += 1)}`;
      for (const table of ['account', 'otp_challenge', 'number_limit', 'session'])
        await service.query(`DELETE FROM ${table}`);
    });
    afterAll(() => service.stop());

    const obtain = async (caller: { address: string } = home) => {
      expect((await askFrom(service.url(0), caller, phone)).status).toBe(200);
      return service.codeFor(phone);
    };
    const lanes = async () => {
      const [row] = await service.query<{ lanes: string; attempts: number }>(
        `SELECT lanes, attempts FROM otp_challenge WHERE phone_number = '${phone}'`,
      );
      const guesses = JSON.parse(row!.lanes) as Record<string, number> & { others: number; known: number };
      return { ...guesses, attempts: row!.attempts };
    };
    /** Of all rows: of numbers, and of those that stand for none. */
    const wrong = async () => {
      const rows = await service.query<{ history: string }>('SELECT history FROM number_limit');
      const histories = rows.map(({ history }) => (JSON.parse(history) as { wrong: [number, number][] }).wrong);
      return histories
        .map((tallies) => tallies.reduce((sum, [, count]) => sum + count, 0))
        .filter((count) => count > 0);
    };
    /** The last text lies further back than the gap, and the code lives on. */
    const pastGap = async () => {
      const [row] = await service.query<{ number_hash: string; history: string }>(
        'SELECT number_hash, history FROM number_limit WHERE history LIKE \'%"texts":[1%\'',
      );
      const history = JSON.parse(row!.history) as { texts: number[] };
      const texts = JSON.stringify({ ...history, texts: history.texts.map((at) => at - 130_000) });
      await service.query(`UPDATE number_limit SET history = '${texts}' WHERE number_hash = '${row!.number_hash}'`);
    };

    it('compare 5 of 100 guesses from the network that asked, and count them', async () => {
      const code = await obtain();
      const replies = await times(100, (index) => guessFrom(service.url(index), home, phone, wrongFor(code)));
      expect(statuses(replies)).toEqual({ 400: 100 });
      const { attempts, others, known, ...asked } = await lanes();
      expect([attempts, others, known, Object.values(asked)]).toEqual([5, 5, 2, [0]]);
      expect(await wrong()).toEqual([5]);
      expect((await guessFrom(service.url(0), home, phone, code)).status).toBe(400);
    });

    it('compare 5 of 100 guesses of strangers in 50 networks; the right code then works where it was asked for', async () => {
      const code = await obtain();
      const replies = await times(100, (index) =>
        guessFrom(service.url(index), { address: addressOf(index >> 1) }, phone, wrongFor(code)),
      );
      expect(statuses(replies)).toEqual({ 400: 100 });
      expect(await lanes()).toMatchObject({ attempts: 5, others: 0 });
      expect(await wrong()).toEqual([5]);
      expect((await guessFrom(service.url(1), { address: addressOf(0) }, phone, code)).status).toBe(400);
      expect((await guessFrom(service.url(1), home, phone, code)).status).toBe(200);
    });

    it('count no more than 10 wrong guesses by two codes in a row, with 200 guesses at them', async () => {
      const burn = async (code: string) =>
        times(100, (index) =>
          guessFrom(service.url(index), index % 2 === 0 ? home : { address: addressOf(index) }, phone, wrongFor(code)),
        );
      await burn(await obtain());
      await pastGap();
      const reply = await askFrom(service.url(1), home, phone);
      expect(reply.text).toContain('"code_format":"alphanumeric"');
      await burn('234567');
      expect(await wrong()).toEqual([10]);
      expect(await lanes()).toMatchObject({ others: 0, attempts: 10 });
    });

    it('let one of 100 right guesses from 100 networks in, whatever the lane', async () => {
      const code = await obtain();
      const replies = await times(100, (index) =>
        guessFrom(service.url(index), index % 4 === 0 ? home : { address: addressOf(index) }, phone, code),
      );
      expect(statuses(replies)).toEqual({ 200: 1, 400: 99 });
      expect(await service.query('SELECT id FROM session')).toHaveLength(1);
    });

    it('compare 5 of 60 guesses of a known device, two codes at a time where one was replaced', async () => {
      const signedIn = await guessFrom(service.url(0), home, phone, await obtain());
      const device = { address: '192.0.2.1', deviceToken: deviceTokenIn(signedIn) };
      await pastGap();
      await askFrom(service.url(0), { address: addressOf(1) }, phone);
      await times(6, (index) => guessFrom(service.url(index), { address: addressOf(1) }, phone, '000000'));
      await pastGap();
      expect((await askFrom(service.url(0), { address: addressOf(1) }, phone)).status).toBe(200);
      const [row] = await service.query<{ former_id: string | null }>('SELECT former_id FROM otp_challenge');
      expect(row!.former_id).not.toBeNull();
      await times(60, (index) => guessFrom(service.url(index), device, phone, '000000'));
      const { attempts, ...guesses } = await lanes();
      const [, ofDevice] = Object.entries(guesses).find(([lane]) => lane.startsWith('d'))!;
      expect([ofDevice, attempts]).toEqual([0, 5]);
    });

    it('send one text for 40 requests from 40 networks, the first ones ever for a number', async () => {
      const replies = await times(40, (index) => askFrom(service.url(index), { address: addressOf(index) }, phone));
      expect(statuses(replies)).toEqual({ 200: 1, 429: 39 });
      expect(await service.query(`SELECT id FROM sms_message WHERE phone_number = '${phone}'`)).toHaveLength(1);
      expect(
        await service.query("SELECT number_hash FROM number_limit WHERE number_hash NOT LIKE 'stand%'"),
      ).toHaveLength(1);
    });

    it('never fail where requests, wrong guesses and right ones of a number run side by side', async () => {
      for (let round = 0; round < 5; round += 1) {
        phone = `+25567919${3_000 + (made += 1)}`;
        const code = await obtain();
        const replies = await times(60, (index) =>
          index % 3 === 0
            ? postJson(service.url(index), requestOtpPath, { phone_number: phone })
            : index % 3 === 1
              ? guessFrom(service.url(index), { address: addressOf(index) }, phone, wrongFor(code))
              : postJson(
                  service.url(index),
                  verifyPath,
                  { phone_number: phone, otp: code },
                  { 'X-Forwarded-For': home.address },
                ),
        );
        const { 200: right, ...refused } = statuses(replies);
        expect([right, Object.keys(refused)]).toEqual([1, ['400', '429']]);
      }
    });

    it('count exactly also when the number is first found under a former SECRET_KEY', async () => {
      const code = await obtain();
      await service.rotate();
      await times(100, (index) =>
        guessFrom(service.url(index), index % 2 === 0 ? home : { address: addressOf(index) }, phone, wrongFor(code)),
      );
      // Nine or ten: the network that asked has its lane under a name of the former key, and keeps it.
      expect(await lanes()).toMatchObject({ attempts: 10, others: 0 });
      expect(await wrong()).toEqual([10]);
    });
  });
}
