import { mkdtempSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSettings } from '../src/settings/settings';
import type { BenchDatabase } from './bench-database';
import type { Call, Kind } from './kinds';
import { measure, send, type Trial } from './load';
import type { RequestRecord } from './record-statements';
import type { Recording } from './replay';
import { Server } from './server';
import { signerOf, type Signer } from './signer';

/** One of the servers that take turns. */
export interface Contender {
  name: string;
  server: Server;
  run(kind: Kind, count: number, connections: number): Promise<Trial>;
}

/** As `npm start` gives it to Node. */
const nodeOptions = ['--max-semi-space-size=16'];

/** Settings of the service: the throttle counts and refuses nobody, and the secrets are those that the bench signs with. */
export function serviceEnvironment(): NodeJS.ProcessEnv {
  return {
    DATA_DIR: mkdtempSync(join(tmpdir(), 'hodi-bench-')),
    PORT: '0',
    SMS_TRANSPORT: 'file',
    THROTTLE_LIMIT: '1000000',
    THROTTLE_TTL_SECONDS: '60',
    // All clients of the bench are one address. Its limits count, and refuse nobody.
    ...{ ADDRESS_TEXTS: '1000000', ADDRESS_WRONG_CODES: '1000000', ALARM_SPRAY: 'record', ALARM_TOLL: 'record' },
    LOG_LEVEL: process.env.LOG_LEVEL,
  };
}

/** What takes all limits off. */
export const withoutLimits = {
  ...{ THROTTLE_LIMIT: '0', ADDRESS_TEXTS: '0', ADDRESS_WRONG_CODES: '0', ALARM_SPRAY: 'off', ALARM_TOLL: 'off' },
  ...{ OTP_TEXTS_PER_HOUR: '0', OTP_TEXTS_PER_DAY: '0', OTP_WRONG_PER_DAY: '0', OTP_WRONG_PER_MONTH: '0' },
};

/** The service as it is built. */
export async function hodiContender(name: string, database: BenchDatabase, env: NodeJS.ProcessEnv): Promise<Contender> {
  const signer = signerOf(readSettings(env));
  const command = [...nodeOptions, 'dist/main.js'];
  const server = await Server.start(command, { ...env, DATABASE_URL: database.url }, { pinned: true });
  return {
    ...{ name, server },
    async run(kind, count, connections) {
      const calls = await kind.prepare(database.population, signer, count);
      return measure(server, calls, connections, () => database.settled());
    },
  };
}

/** The bare server; more than one contender may share it. @param recordings by the name of the kind */
export function bareContender(
  name: string,
  server: Server,
  database: BenchDatabase,
  signer: Signer,
  recordings: ReadonlyMap<string, Recording>,
): Contender {
  return {
    ...{ name, server },
    async run(kind, count, connections) {
      const calls = await kind.prepare(database.population, signer, count);
      await server.tell(recordings.get(kind.name)!);
      return measure(server, calls.map(bareCall), connections, async () => {});
    },
  };
}

export function startBareServer({ url }: BenchDatabase): Promise<Server> {
  const command = [...nodeOptions, '-r', '@swc-node/register', 'bench/bare-server.ts'];
  return Server.start(command, { DATABASE_URL: url }, { pinned: true });
}

function bareCall({ subject }: Call): Call {
  const headers = { 'Content-Type': 'application/json' };
  return { subject, method: 'POST', path: '/', headers, body: JSON.stringify(subject), status: 200 };
}

/** Requests of each kind before the one that is recorded: the first one sets up its connection. */
const warmUps = 2;
export const recordedCalls = warmUps + 1;

/** Has a service of its own, which is not measured, record one request of each kind. */
export async function recordAll(
  kinds: readonly Kind[],
  database: BenchDatabase,
  env: NodeJS.ProcessEnv,
): Promise<Map<string, Recording>> {
  const signer = signerOf(readSettings(env));
  const command = ['-r', '@swc-node/register', '-r', './bench/record-statements.ts', 'dist/main.js'];
  const server = await Server.start(command, { ...env, DATABASE_URL: database.url });
  const recordings = new Map<string, Recording>();
  for (const kind of kinds) {
    for (const call of await kind.prepare(database.population, signer, recordedCalls)) {
      // The last one stays.
      recordings.set(kind.name, await record(server, call));
      await database.settled();
    }
  }
  await server.stop();
  return recordings;
}

async function record(server: Server, call: Call): Promise<Recording> {
  const agent = new Agent();
  const [{ statements, bytes }] = await Promise.all([recordOf(server, call.path), send(server.url, agent, call)]);
  agent.destroy();
  return { subject: call.subject, statements, bytes };
}

async function recordOf(server: Server, path: string): Promise<RequestRecord> {
  for (;;) {
    const record = await server.message<RequestRecord>();
    if (record.path === path) return record;
  }
}
