import 'reflect-metadata';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { percentile, Server } from './server';

/** How long 1,000 requests for a code take while the provider of texts takes 30 s for each. It prints, it does not judge. */
const requests = 1_000;
const connections = 16;
const providerMilliseconds = 30_000;

async function measure(name: string, databaseUrl: string): Promise<void> {
  let calls = 0;
  const provider = createServer((request, response) => {
    calls += 1;
    request.resume();
    void pause(providerMilliseconds, undefined, { ref: false }).then(() => response.end('{}'));
  }).listen(0, '127.0.0.1');
  await once(provider, 'listening');
  const hodi = await Server.start(['--max-semi-space-size=4', 'dist/main.js'], {
    DATA_DIR: mkdtempSync(join(tmpdir(), 'hodi-bench-')),
    DATABASE_URL: databaseUrl,
    PORT: '0',
    SMS_TRANSPORT: 'webhook',
    SMS_WEBHOOK_URL: `http://127.0.0.1:${(provider.address() as AddressInfo).port}/`,
    SMS_WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
    THROTTLE_LIMIT: '0',
  });
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
    `${name}: ${took.length} requests over ${connections} connections in ${seconds} s, ${calls} texts with the provider; ` +
      `p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms, longest ${percentile(took, 1).toFixed(1)} ms\n`,
  );
  hodi.stop();
  provider.closeAllConnections();
  provider.close();
}

async function main(): Promise<void> {
  await measure('SQLite', `sqlite:${join(mkdtempSync(join(tmpdir(), 'hodi-bench-')), 'bench.sqlite')}`);
  if (process.env.BENCH_MYSQL_URL) await measure('MySQL', process.env.BENCH_MYSQL_URL);
  else process.stdout.write('MySQL left out: BENCH_MYSQL_URL is not set (an empty database of its own).\n');
}

void main();
