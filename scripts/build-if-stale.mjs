// Builds before the first start, and after a change to the source.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const inputs = ['src', 'package.json', 'tsconfig.json', 'tsconfig.build.json', 'nest-cli.json'];

function newest(path) {
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  return Math.max(mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

const built = existsSync('dist/main.js') ? statSync('dist/main.js').mtimeMs : 0;
const source = inputs.filter((path) => existsSync(path));
if (existsSync('src') && source.some((path) => newest(path) > built)) {
  process.stdout.write('Building ...\n');
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
}
