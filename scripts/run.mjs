// `node scripts/run.mjs <program> [arguments]`, with a program of dist, such as `main` or `cli/migrate`: builds if need be,
// then runs the program in this very process, so that a signal to npm reaches it.
import './build-if-stale.mjs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const program = join(import.meta.dirname, '../dist', `${process.argv[2]}.js`);
process.argv.splice(1, 2, program);
await import(pathToFileURL(program).href);
