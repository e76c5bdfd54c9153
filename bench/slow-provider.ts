import 'reflect-metadata';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { v4 as uuidv4 } from 'uuid';
import { readSettings } from '../src/settings/settings';
import { connectDatabase, databaseOptions } from '../src/database/data-source';
import { KeyRing } from '../src/key/key-ring';
import { OtpChallenge } from '../src/otp/otp-challenge.entity';
import { SmsMessage } from '../src/sms/sms-message.entity';
import { priority } from '../src/sms/sms-priority';
import { percentile, Server } from './server';
import { withoutLimits } from './contender';

/**
 * What a slow provider of texts does to a node: how long 1,000 requests for a code take while it takes 30 s for each text,
 * and how many texts a second go out while it takes 300 ms. It prints, it does not judge.
 */
const requests = 1_000;
const connections = 16;
const slowMilliseconds = 30_000;
const texts = 5_000;
const usualMilliseconds = 300;

/** A provider that takes its time, and remembers when it was called. */
async function startProvider(milliseconds: number) {
  const calls: number[] = [];
  const server = createServer((request, response) => {
    calls.push(performance.now());
    request.resume();
    void pause(milliseconds, undefined, { ref: false }).then(() => response.end('{}'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { calls, stop, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

function environment(databaseUrl: string, providerUrl: string): Record<string, string> {
  return {
    DATA_DIR: mkdtempSync(join(tmpdir(), 'hodi-bench-')),
    DATABASE_URL: databaseUrl,
    PORT: '0',
    SMS_TRANSPORT: 'webhook',
    SMS_WEBHOOK_URL: providerUrl,
    SMS_WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
    ...withoutLimits,
  };
}

const start = (env: Record<string, string>) => Server.start(['--max-semi-space-size=16', 'dist/main.js'], env);

/** Texts of one prefix with codes that live: a flood, which has the fewest places. */
async function fillOutbox(env: Record<string, string>): Promise<void> {
  const settings = readSettings(env);
  const dataSource = await connectDatabase(await databaseOptions(settings.database));
  const now = new Date();
  const expiresAt = new Date(now.getTime() + 600_000);
  const keyId = new KeyRing(settings.key.secretKeys, 'otp').newest.id;
  for (let from = 0; from < texts; from += 500) {
    const challenges = Array.from({ length: 500 }, (_, index) => ({
      ...{ phoneNumber: `+25568${1_000_000 + from + index}`, purpose: 'sign-in' as const, id: uuidv4(), keyId },
      ...{ attempts: 0, sends: 1, issuedAt: now, resendAt: now, expiresAt, consumedAt: null },
    }));
    const messages = challenges.map(({ phoneNumber, id }) => ({
      ...{ id: uuidv4(), challengeId: id, phoneNumber, template: 'sign-in' as const, locale: 'sw' as const },
      ...{ state: 'queued' as const, priority: priority.busyPrefix, attempts: 0, refusedBy: '' },
      ...{ createdAt: now, dueAt: now },
    }));
    await dataSource.getRepository(OtpChallenge).insert(challenges);
    await dataSource.getRepository(SmsMessage).insert(messages);
  }
  await dataSource.destroy();
}

async function measureRate(name: string, databaseUrl: string): Promise<void> {
  const provider = await startProvider(usualMilliseconds);
  const env = environment(databaseUrl, provider.url);
  await fillOutbox(env);
  const hodi = await start(env);
  while (provider.calls.length < texts) await pause(10);
  const seconds = (provider.calls[texts - 1]! - provider.calls[0]!) / 1000;
  process.stdout.write(
    `${name}: ${texts} texts to a provider that takes ${usualMilliseconds} ms: ${Math.round(texts / seconds)} texts/s\n`,
  );
  const stopped = hodi.stop();
  provider.stop();
  await stopped;
}

async function measureRequests(name: string, databaseUrl: string): Promise<void> {
  const provider = await startProvider(slowMilliseconds);
  const hodi = await start(environment(databaseUrl, provider.url));
  const took: number[] = [];
  let next = 0;
  const work = async () => {
    while (next < requests) {
      const body = JSON.stringify({ phone_number: `+2557540${10_000 + (next += 1)}` });
      const began = performance.now();
      const headers = { 'Content-Type': 'application/json' };
      const reply = await fetch(`${hodi.url}/api/account/request-otp/`, { method: 'POST', headers, body });
      const text = await reply.text();
      took.push(performance.now() - began);
      if (reply.status !== 200) throw new Error(`${reply.status} ${text}`);
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: connections }, work));
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(took, share).toFixed(1));
  process.stdout.write(
    `${name}: ${took.length} requests over ${connections} connections in ${seconds} s, ${provider.calls.length} texts with the provider; ` +
      `p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms, longest ${percentile(took, 1).toFixed(1)} ms\n`,
  );
  const stopped = hodi.stop();
  provider.stop();
  await stopped;
}

async function measure(name: string, databaseUrl: string): Promise<void> {
  await measureRate(name, databaseUrl);
  await measureRequests(name, databaseUrl);
}

async function main(): Promise<void> {
  await measure('SQLite', `sqlite:${join(mkdtempSync(join(tmpdir(), 'hodi-bench-')), 'bench.sqlite')}`);
  if (process.env.BENCH_MYSQL_URL) await measure('MySQL', process.env.BENCH_MYSQL_URL);
  else process.stdout.write('MySQL left out: BENCH_MYSQL_URL is not set (an empty database of its own).\n');
}

void main();
