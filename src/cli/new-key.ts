import { generateKeyPairSync } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';

/** `npm run keys:new -- <file> [es256|rs256]`: a private key that signs access tokens, for JWT_KEY_FILES. */
const [file, algorithm = 'es256'] = process.argv.slice(2);

function fail(why: string): never {
  process.stderr.write(`${why}\nUsage: npm run keys:new -- <file> [es256|rs256]\n`);
  process.exit(1);
}

if (file === undefined) fail('Name the file that the key should be written to.');
if (!['es256', 'rs256'].includes(algorithm)) fail('The algorithm is es256 or rs256.');
if (existsSync(file)) fail('There is a file of that name already; it is left as it is.');

const { privateKey } =
  algorithm === 'es256'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 3072 });
writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
process.stdout.write(`Written to ${file}. How to bring it into use: docs/operations.md.\n`);
