const { transformSync } = require('@swc/core');
const { createHash } = require('node:crypto');
const { existsSync, readFileSync } = require('node:fs');
const { dirname, join } = require('node:path');

const typeOfFolder = new Map();

/** The `type` of the nearest package.json, as Node decides it. */
function packageType(folder) {
  if (typeOfFolder.has(folder)) return typeOfFolder.get(folder);
  const file = join(folder, 'package.json');
  const parent = dirname(folder);
  const type = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')).type ?? 'commonjs')
    : parent === folder
      ? 'commonjs'
      : packageType(parent);
  typeOfFolder.set(folder, type);
  return type;
}

const isEsModule = (file) => file.endsWith('.mjs') || packageType(dirname(file)) === 'module';

/** Turns into CommonJS what Node would load as an ES module, and leaves everything else as it is. */
module.exports = {
  process(source, file) {
    if (!isEsModule(file)) return { code: source };
    const { code } = transformSync(source, {
      filename: file,
      module: { type: 'commonjs' },
      jsc: { target: 'es2022', parser: { syntax: 'ecmascript' } },
    });
    return { code };
  },
  getCacheKey: (source, file) =>
    createHash('sha256')
      .update(`1\0${isEsModule(file)}\0${file}\0${source}`)
      .digest('hex'),
};
