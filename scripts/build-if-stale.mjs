// Builds before the first start, and after a change to the source. With `npm start` it runs in the service's own process.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const inputs = ['src', 'docs/problems.md', 'package.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts/build.mjs'];

function newest(path) {
  const status = statSync(path, { throwIfNoEntry: false });
  if (!status?.isDirectory()) return status?.mtimeMs ?? 0;
  return Math.max(status.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** @returns why there can be no build here, as a sentence with its remedy, or undefined */
function obstacle() {
  try {
    createRequire(import.meta.url).resolve('typescript');
  } catch {
    return 'the build needs development packages (typescript): run `npm install --include=dev`, or build elsewhere and copy dist';
  }
  try {
    const output = join(root, 'dist');
    accessSync(existsSync(output) ? output : root, constants.W_OK);
    accessSync(root, constants.W_OK);
  } catch {
    return `${root} cannot be written: run \`npm run build\` where it can, and copy dist`;
  }
}

async function build() {
  const child = spawn(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: 'inherit' });
  const pass = (signal) => child.kill(signal);
  const signals = ['SIGTERM', 'SIGINT'];
  signals.forEach((signal) => process.on(signal, pass));
  const [code] = await once(child, 'exit');
  signals.forEach((signal) => process.off(signal, pass));
  if (code !== 0) process.exit(code ?? 1);
}

const builtAt = newest(join(root, 'dist/main.js'));
const isStale = existsSync(join(root, 'src')) && inputs.some((path) => newest(join(root, path)) > builtAt);
if (isStale) {
  const reason = obstacle();
  if (reason === undefined) await build();
  else
    process.stderr.write(
      builtAt > 0 ? `dist is older than src, and is run as it is: ${reason}.\n` : `Not built: ${reason}.\n`,
    );
}
if (builtAt === 0 && !existsSync(join(root, 'dist/main.js'))) {
  if (!isStale) process.stderr.write('There is neither dist nor src: copy one of them here.\n');
  process.exit(1);
}
