// `npm run build`: what `nest build` does with the plugin of @nestjs/swagger. The Nest CLI is not used, as it does not
// support Node 20 (decision 8).
import { before as swagger } from '@nestjs/swagger/plugin';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

process.stdout.write('Building, which takes about ten seconds ...\n');

const root = join(import.meta.dirname, '..').replaceAll('\\', '/');

/**
 * What the compiler takes the project's folder for. The plugin writes paths of types into the build, and mistakes them
 * where the folder has letters outside ASCII or brackets in its name.
 */
const alias = '/hodi';

const swap = (from, to) => (path) =>
  path === from || path.startsWith(`${from}/`) ? to + path.slice(from.length) : path;
const real = swap(alias, root);
const aliased = swap(root, alias);

/** What the compiler asks of the file system, under that name. */
const system = {
  getCurrentDirectory: () => alias,
  readFile: (path, encoding) => ts.sys.readFile(real(path), encoding),
  fileExists: (path) => ts.sys.fileExists(real(path)),
  directoryExists: (path) => ts.sys.directoryExists(real(path)),
  getDirectories: (path) => ts.sys.getDirectories(real(path)),
  realpath: (path) => aliased(ts.sys.realpath(real(path)).replaceAll('\\', '/')),
  readDirectory: (path, ...filters) => ts.sys.readDirectory(real(path), ...filters).map(aliased),
};

function refuse(diagnostics) {
  if (diagnostics.length === 0) return;
  const host = { getCanonicalFileName: (name) => name, getCurrentDirectory: () => alias, getNewLine: () => '\n' };
  process.stderr.write(ts.formatDiagnosticsWithColorAndContext(diagnostics, host));
  process.exit(1);
}

const config = ts.getParsedCommandLineOfConfigFile(
  `${alias}/tsconfig.build.json`,
  {},
  { ...ts.sys, ...system, onUnRecoverableConfigFileDiagnostic: (diagnostic) => refuse([diagnostic]) },
);
refuse(config.errors);
const host = Object.assign(ts.createCompilerHost(config.options), system);
const program = ts.createProgram({ rootNames: config.fileNames, options: config.options, host });
refuse(ts.getPreEmitDiagnostics(program));

const options = { introspectComments: true, classValidatorShim: true, controllerKeyOfComment: 'summary' };
const files = new Map();
const { diagnostics } = program.emit(undefined, (path, text) => files.set(real(path), text), undefined, false, {
  before: [swagger(options, program)],
});
refuse(diagnostics);

const output = join(root, 'dist');
rmSync(output, { recursive: true, force: true });
// The one page that the service serves itself.
cpSync(join(root, 'docs/problems.md'), join(output, 'docs/problems.md'));
const main = real(`${alias}/dist/main.js`);
// `npm start` takes a build with a main.js for whole, so that is written last.
for (const path of [...files.keys()].filter((it) => it !== main).concat(main)) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, files.get(path));
}
