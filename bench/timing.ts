import 'reflect-metadata';
import { Agent } from 'node:http';
import { performance } from 'node:perf_hooks';
import { readSettings } from '../src/settings/settings';
import { verifyPath } from '../test/support/http-client';
import { benchDatabase, mysqlPlace, sqlitePlace, type Place } from './bench-database';
import { serviceEnvironment } from './contender';
import { issueCodes, type Call } from './kinds';
import { send } from './load';
import type { Subject } from './population';
import { percentile, Server } from './server';
import { signerOf } from './signer';

/**
 * `npm run bench:timing`: what the time of a reply tells of a wrong guess. Guesses at a live code, at a code that was used and
 * at a number that never had one take turns, one at a time. It prints medians, and how often one sample of each of two kinds
 * stands in the order of their medians: 0.50 for kinds that cannot be told apart.
 */
const samples = Number(process.env.TIMING_SAMPLES ?? 1_000);

async function measure(place: Place): Promise<void> {
  const env = serviceEnvironment();
  const database = await benchDatabase(place, 'timing', 2 * samples);
  const server = await Server.start(['dist/main.js'], { ...env, DATABASE_URL: database.url }, { pinned: true });
  const { population } = database;
  const live = population.takeMembers(samples);
  const codes = await issueCodes(population, signerOf(readSettings(env)), live);
  const wrongFor = (subject: Subject) => (codes.get(subject) === '000000' ? '000001' : '000000');
  const kinds: [name: string, subjects: Subject[]][] = [
    ['live code', live],
    ['used code', population.takeMembers(samples)],
    ['never sent', population.takeStrangers(samples)],
  ];
  const took = kinds.map((): number[] => []);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let sample = 0; sample < samples; sample++) {
    for (const [kind, [, subjects]] of kinds.entries()) {
      const subject = subjects[sample]!;
      const began = performance.now();
      await send(server.url, agent, guess(subject, wrongFor(subject)));
      took[kind]!.push(performance.now() - began);
    }
  }
  agent.destroy();
  await server.stop();
  await database.drop();
  process.stdout.write(`\n${place.name}: ${samples} wrong guesses of each kind, in turns\n`);
  for (const [kind, [name]] of kinds.entries()) {
    const order = kind === 0 ? '' : `, told from a live code: ${told(took[0]!, took[kind]!).toFixed(2)}`;
    process.stdout.write(`${name.padEnd(12)} median ${percentile([...took[kind]!], 0.5).toFixed(2)} ms${order}\n`);
  }
}

function guess(subject: Subject, otp: string): Call {
  const body = JSON.stringify({ phone_number: subject.phone, otp });
  const headers = { 'Content-Type': 'application/json' };
  return { subject, method: 'POST', path: verifyPath, headers, body, status: 400 };
}

/** @returns the share of all pairs in which the one takes longer, or its complement, whichever is more */
function told(one: readonly number[], other: readonly number[]): number {
  let longer = 0;
  for (const a of one) for (const b of other) longer += a > b ? 1 : a === b ? 0.5 : 0;
  const share = longer / (one.length * other.length);
  return Math.max(share, 1 - share);
}

async function main(): Promise<void> {
  const url = process.env.BENCH_MYSQL_URL;
  for (const place of [sqlitePlace, ...(url ? [mysqlPlace(url)] : [])]) await measure(place);
}

void main();
