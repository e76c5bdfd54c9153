import 'reflect-metadata';
import { mkdtempSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { DataSource } from 'typeorm';
import { v4 as uuidv4 } from 'uuid';
import { Clock } from '../src/clock/clock';
import { Account } from '../src/account/account.entity';
import { readSettings } from '../src/settings/settings';
import { connectDatabase, databaseOptions } from '../src/database/data-source';
import { KeyRing } from '../src/key/key-ring';
import { OtpChallenge } from '../src/otp/otp-challenge.entity';
import { OtpCodes } from '../src/otp/otp-codes';
import { TestNumbers } from '../src/otp/test-numbers';
import { percentile, Server } from './server';

/**
 * Verifies a second, and how long one takes, on each database: every code used once, every reply checked. On MySQL a
 * bare `node:http` and `mysql2` server with the same statements runs in turn with the service, as a yardstick.
 * It prints, it does not judge.
 */
const levels = [
  { connections: 1, verifies: 1_500 },
  { connections: 16, verifies: 6_000 },
  { connections: 64, verifies: 6_000 },
];
const rounds = 3;

interface Trial {
  perSecond: number;
  p50: number;
  p95: number;
  p99: number;
}

type Member = { phone: string; otp: string };

/** Known members, each with a live code; numbers come out of a counter, so that none is used twice. */
async function seed(dataSource: DataSource, codes: OtpCodes, count: number): Promise<Member[]> {
  const members: Member[] = [];
  const now = new Date();
  const later = new Date(now.getTime() + 600_000);
  for (let from = 0; from < count; from += 500) {
    const batch = Array.from({ length: Math.min(500, count - from) }, () => `+25567${(seeded += 1)}`);
    const challenges = batch.map((phoneNumber) => ({
      ...{ phoneNumber, purpose: 'sign-in' as const, id: uuidv4(), keyId: codes.keyId, attempts: 0, sends: 1 },
      ...{ issuedAt: now, resendAt: now, expiresAt: later, consumedAt: null },
    }));
    const accounts = batch.map((phoneNumber) => ({
      ...{ id: uuidv4(), phoneNumber, displayName: '', locale: '' },
      ...{ createdAt: now, lastLoginAt: now },
    }));
    await dataSource.getRepository(OtpChallenge).insert(challenges);
    await dataSource.getRepository(Account).insert(accounts);
    members.push(...challenges.map((it) => ({ phone: it.phoneNumber, otp: codes.of(it)! })));
  }
  return members;
}
let seeded = 1_000_000;

async function trial(url: string, members: Member[], connections: number): Promise<Trial> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const took: number[] = [];
  const began = performance.now();
  const work = async () => {
    for (let member = members.pop(); member; member = members.pop()) {
      const start = performance.now();
      await verify(url, agent, member);
      took.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  const seconds = (performance.now() - began) / 1000;
  agent.destroy();
  const at = (share: number) => percentile(took, share);
  return { perSecond: took.length / seconds, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

function verify(url: string, agent: Agent, { phone, otp }: Member): Promise<void> {
  const body = JSON.stringify({ phone_number: phone, otp });
  const headers = { 'Content-Type': 'application/json', 'Content-Length': body.length };
  return new Promise((resolve, reject) => {
    const call = request(
      `${url}/api/account/verify-otp-and-generate-token/`,
      { method: 'POST', agent, headers },
      (reply) => {
        let text = '';
        reply.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        reply.on('end', () => {
          const { refresh, access, new_member } = JSON.parse(text) as Record<string, unknown>;
          const right = reply.statusCode === 200 && refresh && access && new_member === false;
          if (right) resolve();
          else reject(new Error(`${reply.statusCode} ${text}`));
        });
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
const line = (...cells: (string | number)[]) =>
  process.stdout.write(`${cells.map((cell) => String(cell).padStart(12)).join('')}\n`);

async function measure(name: string, databaseUrl: string): Promise<void> {
  const env = {
    DATA_DIR: mkdtempSync(join(tmpdir(), 'hodi-bench-')),
    DATABASE_URL: databaseUrl,
    PORT: '0',
    SMS_TRANSPORT: 'file',
    THROTTLE_LIMIT: '0',
    LOG_LEVEL: process.env.LOG_LEVEL,
  };
  const settings = readSettings(env);
  const codes = new OtpCodes(new KeyRing(settings.key.secretKeys, 'otp'), new TestNumbers([], new Clock()));
  const dataSource = await connectDatabase(await databaseOptions(settings.database));
  const hodi = await Server.start(['--max-semi-space-size=16', 'dist/main.js'], env);
  process.stdout.write(`\n${name}: first reply ${Math.round(hodi.startMilliseconds)} ms after the start, `);
  process.stdout.write(`${hodi.memory} MB when idle\n`);
  const bare =
    settings.database.database.kind === 'mysql' &&
    (await Server.start(['-r', '@swc-node/register', 'bench/bare-server.ts'], env));
  line('connections', 'server', 'verifies/s', 'p50 ms', 'p95 ms', 'p99 ms', 'share');
  await trial(hodi.url, await seed(dataSource, codes, 1_000), 16);
  if (bare) await trial(bare.url, await seed(dataSource, codes, 1_000), 16);
  for (const { connections, verifies } of levels) {
    const trials: Record<string, Trial[]> = { hodi: [], ...(bare ? { bare: [] } : {}) };
    for (let round = 0; round < rounds; round++) {
      for (const [server, its] of Object.entries(trials)) {
        const url = server === 'bare' && bare ? bare.url : hodi.url;
        its.push(await trial(url, await seed(dataSource, codes, verifies), connections));
      }
    }
    const rate = (server: string) => median(trials[server]!.map(({ perSecond }) => perSecond));
    for (const [server, its] of Object.entries(trials)) {
      const at = (key: keyof Trial) => median(its.map((it) => it[key])).toFixed(2);
      const share = server === 'hodi' && bare ? (rate('hodi') / rate('bare')).toFixed(2) : '';
      line(connections, server, Math.round(rate(server)), at('p50'), at('p95'), at('p99'), share);
    }
  }
  process.stdout.write(`${name}: ${hodi.memory} MB after the load\n`);
  hodi.stop();
  if (bare) bare.stop();
  await dataSource.destroy();
}

async function main(): Promise<void> {
  await measure('SQLite', `sqlite:${join(mkdtempSync(join(tmpdir(), 'hodi-bench-')), 'bench.sqlite')}`);
  if (process.env.BENCH_MYSQL_URL) await measure('MySQL', process.env.BENCH_MYSQL_URL);
  else process.stdout.write('\nMySQL left out: BENCH_MYSQL_URL is not set (an empty database of its own).\n');
}

void main();
