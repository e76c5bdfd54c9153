import { CannotStart } from '../error/cannot-start';
import { readEnvFile } from './env-file';
import { intendedFor } from './misspelling';
import { readSettings, type Settings } from './settings';
import { settingNames } from './variables';

const file = '.env';

/**
 * Reads the settings of this process: what `.env` sets becomes part of the environment where that does not set it. A
 * variable of the environment with a name like that of a setting gets a warning on standard error: it may be the system's own.
 * @throws CannotStart for a bad setting, a `.env` that cannot be read, or a name that is like that of a setting in it;
 *   for a name like `NODE_ENV` wherever it stands, as production must not become development by a slip
 */
export function readEnvironment(): Settings {
  const given = Object.entries(process.env).flatMap(([name, value]) => (value ? [name] : []));
  const written = readEnvFile(file);
  const faults = Object.entries(written).flatMap(([name, value = '']) =>
    [...misspelt(name), ...swallowed(value)].map((fault) => `  ${name} in ${file}: ${fault}`),
  );
  for (const name of given) {
    for (const fault of misspelt(name)) {
      const isMode = intendedFor(name, ['NODE_ENV']) !== undefined && !process.env.NODE_ENV;
      if (isMode) faults.push(`  ${name}: ${fault}`);
      else process.stderr.write(`${name}: ${fault}\n`);
    }
  }
  if (faults.length > 0)
    throw new CannotStart(`These variables must be corrected before Hodi can start:\n${faults.join('\n')}`);
  for (const [name, value] of Object.entries(written)) if (!process.env[name]) process.env[name] = value;
  return readSettings(process.env);
}

function misspelt(name: string): string[] {
  const intended = intendedFor(name, settingNames);
  return intended === undefined ? [] : [`is not a setting; is ${intended} meant?`];
}

/** A quote that is not closed takes the settings of the next lines into its value. */
function swallowed(value: string): string[] {
  const lines = value.split('\n').slice(1);
  const names = settingNames.filter((name) =>
    lines.some((line) => line.replace(/^\s*(export\s+)?/, '').startsWith(name)),
  );
  return names.length === 0 ? [] : [`its value goes on to the line of ${names[0]}; is a quote missing?`];
}
