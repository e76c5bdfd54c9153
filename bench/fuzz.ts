import { writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { fuzzEnvironment } from '../test/fuzz/environment';
import { Fuzzer } from '../test/fuzz/fuzzer';
import { documentFile } from '../test/support/openapi-document';
import { ServiceProcess } from '../test/support/service-process';

/**
 * Odd requests to all routes of a built service. `FUZZ_REQUESTS` (200,000), `FUZZ_SECONDS` (1,800 at
 * most) and `FUZZ_SEED` (another one each time, and printed) set it. Ends with 1 for any fault, or if time was too short.
 */
const numberIn = (name: string, otherwise: number) => Number(process.env[name] ?? otherwise);
const requests = numberIn('FUZZ_REQUESTS', 200_000);
const seconds = numberIn('FUZZ_SECONDS', 1_800);
const seed = numberIn('FUZZ_SEED', Date.now() % 1_000_000_000);
const write = (line: string) => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const service = await ServiceProcess.start(fuzzEnvironment());
  writeFileSync(documentFile, await (await fetch(`${service.url}/api/openapi.json`)).text());
  write(`${requests} requests with FUZZ_SEED=${seed} to ${service.url}`);
  const began = performance.now();
  const progress = (made: number) => {
    if (made % 10_000 === 0) write(`${made} after ${Math.round((performance.now() - began) / 1000)} s`);
  };
  const { made, statuses, faults } = await new Fuzzer(service, { requests, seconds, seed, progress }).run();
  const unexpected = service.output.filter((line) => line.includes('unexpected error'));
  const exitCode = await service.stop();
  write(
    `${made} requests in ${Math.round((performance.now() - began) / 1000)} s, by status: ${JSON.stringify(statuses)}`,
  );
  write(`${faults.length} faults, ${unexpected.length} unexpected errors in the log, exit code ${exitCode}`);
  [...faults, ...unexpected.slice(0, 5)].forEach(write);
  if (made < requests || faults.length > 0 || unexpected.length > 0 || exitCode !== 0) process.exitCode = 1;
}

void main();
