import 'reflect-metadata';
import { reportCarriers } from './carriers';
import { reportPumping } from './pumping';
import { reportSpray } from './spray';
import { reportTakeover } from './takeover-report';

/**
 * `npm run simulate -- takeover spray carriers pumping` or some of them: attacks on the real service in simulated time. Set by
 * `SIMULATE_DAYS` (365), `SIMULATE_SEARCH` (12 strategies of `SIMULATE_SEARCH_DAYS`, 31), `SIMULATE_NUMBERS` (100,000),
 * `SIMULATE_SIGN_INS` (60,000 of honest people), `SIMULATE_HOURS` (6, of pumping) and
 * `SIMULATE_SEED` (1). Ends with 1 if something does not hold.
 */
const numberIn = (name: string, otherwise: number) => Number(process.env[name] ?? otherwise);
const seed = numberIn('SIMULATE_SEED', 1);

const parts: Record<string, () => Promise<boolean>> = {
  takeover: () =>
    reportTakeover(
      numberIn('SIMULATE_DAYS', 365),
      numberIn('SIMULATE_SEARCH', 12),
      numberIn('SIMULATE_SEARCH_DAYS', 31),
      seed,
    ),
  spray: () => reportSpray(numberIn('SIMULATE_NUMBERS', 100_000), seed),
  carriers: () => reportCarriers(numberIn('SIMULATE_SIGN_INS', 60_000), seed),
  pumping: () => reportPumping(numberIn('SIMULATE_HOURS', 6), seed),
};

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  for (const name of wanted.length > 0 ? wanted : Object.keys(parts)) {
    const part = parts[name];
    if (part === undefined) throw new Error(`no part ${name}: one of ${Object.keys(parts).join(', ')}`);
    if (!(await part())) process.exitCode = 1;
  }
}

void main();
