import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratchFolder, secrets } from './support/environment';

const root = join(__dirname, '..');
const secretValue = 'uV0vJm3qk9T1bB6rXw8yZ4nC7eHfLs2PaDgQiKoM';
const production = `NODE_ENV=production\nSECRET_KEY=${secretValue}\n`;
/** The one setting that is left out above: the file was read if it alone is missing. */
const isRead =
  'These settings must be fixed before Hodi can start:\n  JWT_SECRET: is missing, .*\n  SMS_TRANSPORT: is missing';

/** Runs a command in a folder that has that `.env`. */
function lint(folder: string, env: NodeJS.ProcessEnv = {}): Promise<{ code: number; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(root, 'dist/cli/sms-lint.js')], { cwd: folder, env }, (error, _stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stderr }),
    );
  });
}

function folderWith(content: string | Buffer): string {
  const folder = scratchFolder();
  writeFileSync(join(folder, '.env'), content);
  return folder;
}

const bigEndian = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16();

describe('.env', () => {
  it.each([
    ['plain', production],
    ['with a byte order mark', `\ufeff${production}`],
    ['in UTF-16, little endian', Buffer.from(`\ufeff${production}`, 'utf16le')],
    ['in UTF-16, big endian', bigEndian(production)],
    ['with CRLF and a mark', `\ufeff${production.replaceAll('\n', '\r\n')}`],
    ['with CR alone', production.replaceAll('\n', '\r')],
    [
      'with export, spaces, quotes and comments',
      `\n# one\n  export NODE_ENV = "production" # two\nSECRET_KEY='${secretValue}'`,
    ],
    ['with a value of other programs over lines', `KEY="-----BEGIN\nab+/c=\nEND"\n${production}`],
  ])('is read %s', async (_how, content) => {
    const { code, stderr } = await lint(folderWith(content));
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^${isRead}`));
  });

  it('is not hidden by an empty variable, and is by one with a value', async () => {
    const folder = folderWith(production);
    expect((await lint(folder, { NODE_ENV: '' })).stderr).toMatch(new RegExp(`^${isRead}`));
    expect(await lint(folder, { NODE_ENV: 'development' })).toEqual({ code: 0, stderr: '' });
  });

  const close = 'These variables must be corrected before Hodi can start:\n';
  const notText = '.env: is not text in UTF-8: save it so.\n';

  it.each([
    ['UTF-16 without its mark', Buffer.from(production, 'utf16le'), notText],
    ['bytes that are not UTF-8', Buffer.from([0x41, 0x3d, 0xff, 0x0a]), notText],
    ['a line of YAML', `PORT=0\nNODE_ENV: production\n`, '.env: line 2 must be NAME=value, or a comment after #.\n'],
    [
      'lines without a value',
      `NODE_ENV production\n\nset PORT=1`,
      '.env: line 1, 3 must be NAME=value, or a comment after #.\n',
    ],
    ['a hyphen in a name', 'NODE-ENV=production', '.env: line 1 must be NAME=value, or a comment after #.\n'],
    ['an invisible character', 'NODE_ENV\u200b=production', '.env: line 1 must be NAME=value, or a comment after #.\n'],
    ['a no-break space', '\u00a0NODE_ENV=production', '.env: line 1 must be NAME=value, or a comment after #.\n'],
    ['a name that is set twice', 'NODE_ENV=production\nPORT=0\nNODE_ENV=', '.env: NODE_ENV is set twice.\n'],
    ['swapped letters', 'NODE_EVN=production', `${close}  NODE_EVN in .env: is not a setting; is NODE_ENV meant?\n`],
    ['small letters', 'node_env=production', `${close}  node_env in .env: is not a setting; is NODE_ENV meant?\n`],
    [
      'a letter too many',
      'SECRET_KEYS=marker',
      `${close}  SECRET_KEYS in .env: is not a setting; is SECRET_KEY meant?\n`,
    ],
    [
      'a quote that is not closed',
      `SECRET_KEY="marker\nNODE_ENV=production\nJWT_SECRET="marker"\n`,
      `${close}  SECRET_KEY in .env: its value goes on to the line of NODE_ENV; is a quote missing?\n`,
    ],
  ])('is refused for %s', async (_what, content, stderr) => {
    expect(await lint(folderWith(content))).toEqual({ code: 1, stderr });
  });

  it('is refused where it is a folder, or a link to nothing', async () => {
    const [folder, dangling] = [scratchFolder(), scratchFolder()];
    mkdirSync(join(folder, '.env'));
    symlinkSync(join(dangling, 'gone'), join(dangling, '.env'));
    expect(await lint(folder)).toEqual({ code: 1, stderr: '.env: cannot be read (EISDIR): it is a folder.\n' });
    expect(await lint(dangling)).toEqual({
      code: 1,
      stderr: '.env: cannot be read (ENOENT): let the user that runs Hodi read it, or take it away.\n',
    });
  });

  const isRoot = process.getuid?.() === 0;
  (isRoot ? it.skip : it)('is refused where it cannot be read (skipped as root, who can read all)', async () => {
    const folder = folderWith(production);
    chmodSync(join(folder, '.env'), 0);
    expect((await lint(folder)).stderr).toMatch(/^\.env: cannot be read \(EACCES\): /);
  });
});

describe('the environment', () => {
  it.each(['NODE_EVN', 'NODE_ENVS', 'NODEENV', 'NDOE_ENV', 'node_env', 'NODE-ENV'])(
    'cannot make development out of production by %s',
    async (name) => {
      const { code, stderr } = await lint(scratchFolder(), { [name]: 'production' });
      expect(code).toBe(1);
      expect(stderr).toBe(
        `These variables must be corrected before Hodi can start:\n  ${name}: is not a setting; is NODE_ENV meant?\n`,
      );
    },
  );

  it('has other names that are like settings named, and no value', async () => {
    const env = { OTP_TTL_SECOND: '60-marker', DATABSE_URL: 'marker', PROT: 'marker', NODE_ENV: 'test', ...secrets };
    expect(await lint(scratchFolder(), env)).toEqual({
      code: 0,
      stderr:
        'OTP_TTL_SECOND: is not a setting; is OTP_TTL_SECONDS meant?\n' +
        'DATABSE_URL: is not a setting; is DATABASE_URL meant?\n' +
        'PROT: is not a setting; is PORT meant?\n',
    });
  });

  it('has names of other programs left alone', async () => {
    const others =
      'PATH HOME HOSTNAME HOSTTYPE LOGNAME NODE_VERSION NODE_PATH NODE_OPTIONS TEMP SHELL LANG TZ PS1 AWS_PROFILE';
    const env = Object.fromEntries(others.split(' ').map((name) => [name, '--no-warnings']));
    expect(await lint(scratchFolder(), env)).toEqual({ code: 0, stderr: '' });
  });
});
