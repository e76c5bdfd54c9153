// `postinstall` of the project. Node 22 and newer take better-sqlite3 13, which ships its binaries. It crashes Node 20, so
// there, and only there, version 12 is installed beside it: it is compiled where its binary cannot be downloaded.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const wanted = join(root, 'scripts/sqlite-node-20');
const installed = join(root, 'node_modules/.sqlite-node-20');
const lock = 'package-lock.json';

/** Another Node's binary can abort the process that loads it: tried in one of its own. */
function works() {
  const isCurrent =
    existsSync(join(installed, lock)) &&
    readFileSync(join(installed, lock), 'utf8') === readFileSync(join(wanted, lock), 'utf8');
  const open = `new (require(process.argv[1]))(':memory:')`;
  const driver = join(installed, 'node_modules/better-sqlite3');
  return isCurrent && spawnSync(process.execPath, ['-e', open, driver]).status === 0;
}

function npm(...args) {
  const cli = process.env.npm_execpath ?? '';
  const [command, ...start] = basename(cli) === 'npm-cli.js' ? [process.execPath, cli] : ['npm'];
  // Windows starts no npm.cmd without a shell. None of the arguments holds what a shell would read.
  return spawnSync(command, [...start, ...args], {
    cwd: installed,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: start.length === 0 && process.platform === 'win32',
  });
}

if (Number.parseInt(process.versions.node) < 22 && !works()) {
  process.stdout.write('Installing SQLite for Node 20: about a minute where it must be compiled ...\n');
  cpSync(wanted, installed, { recursive: true });
  // Not an error: with MySQL no SQLite is needed, and a start without it says what to do.
  if (npm('ci', '--prefix', '.', '--ignore-scripts=false', '--no-audit', '--no-fund').status !== 0 || !works()) {
    process.stderr.write(
      'better-sqlite3 could not be installed: on Node 20 that needs python3, make and a C++ compiler. ' +
        'Hodi then runs on Node 22 or newer, or on MySQL.\n',
    );
  }
}
