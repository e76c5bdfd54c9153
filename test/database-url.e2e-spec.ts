import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSettings } from '../src/settings/settings';
import { connectDatabase, databaseOptions, UnusableDatabase } from '../src/database/data-source';
import { scratchFolder, testEnvironment } from './support/environment';
import { hasMariaServer, MariaServer } from './support/maria-server';

const folder = scratchFolder();
const path = (name: string) => join(folder, name);
const openssl = (...given: string[]) => execFileSync('openssl', given, { stdio: 'ignore' });

function makeAuthority(name: string): void {
  const subject = ['-subj', `/CN=${name}`, '-days', '2', '-nodes', '-newkey', 'rsa:2048'];
  openssl('req', '-x509', ...subject, '-keyout', path(`${name}.key`), '-out', path(`${name}.pem`));
}

/** For `localhost`, not for its address. */
function makeCertificate(authority: string): void {
  writeFileSync(path('names'), 'subjectAltName=DNS:localhost');
  const request = ['-subj', '/CN=server', '-nodes', '-newkey', 'rsa:2048'];
  openssl('req', ...request, '-keyout', path('server.key'), '-out', path('server.csr'));
  const by = ['-CA', path(`${authority}.pem`), '-CAkey', path(`${authority}.key`), '-CAcreateserial', '-days', '2'];
  openssl('x509', '-req', '-in', path('server.csr'), ...by, '-extfile', path('names'), '-out', path('server.pem'));
}

async function connect(url: string) {
  return connectDatabase(await databaseOptions(readSettings(testEnvironment({ DATABASE_URL: url })).database));
}

(hasMariaServer ? describe : describe.skip)('DATABASE_URL (skipped without mariadbd)', () => {
  let server: MariaServer;

  beforeAll(async () => {
    makeAuthority('ours');
    makeAuthority('theirs');
    makeCertificate('ours');
    server = await MariaServer.start(`--ssl-cert=${path('server.pem')}`, `--ssl-key=${path('server.key')}`);
  }, 60_000);
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  const url = async (host: string, options: string) =>
    `${(await server.create()).replace('127.0.0.1', host)}${options && `?${options}`}`;
  const ours = `ssl-ca=${path('ours.pem')}`;
  const theirs = `ssl-ca=${path('theirs.pem')}`;

  it.each([
    ['127.0.0.1', 'ssl-mode=required'],
    ['127.0.0.1', `ssl-mode=verify-ca&${ours}`],
    ['127.0.0.1', ours],
    ['localhost', `ssl-mode=verify-identity&${ours}`],
  ])('%s?%s encrypts every connection', async (host, options) => {
    await server.query('SET GLOBAL require_secure_transport = 1');
    const dataSource = await connect(await url(host, options));
    const ask = () => dataSource.query<{ Value: string }[]>("SHOW STATUS LIKE 'Ssl_cipher'");
    const all = await Promise.all(Array.from({ length: 30 }, ask));
    await dataSource.destroy();
    await server.query('SET GLOBAL require_secure_transport = 0');
    expect(all.filter(([row]) => row!.Value === '')).toEqual([]);
  });

  it.each([
    ['127.0.0.1', `ssl-mode=verify-identity&${ours}`, 'the certificate is for another name'],
    ['localhost', `ssl-mode=verify-identity&${theirs}`, 'another authority signed it'],
    ['127.0.0.1', `ssl-mode=verify-ca&${theirs}`, 'another authority signed it'],
    ['localhost', 'ssl-mode=verify-ca', 'no public authority signed it'],
  ])('%s?%s is refused: %s', async (host, options) => {
    await expect(connect(await url(host, options))).rejects.toThrow(UnusableDatabase);
  });

  it('is in plain text without options', async () => {
    const dataSource = await connect(await url('127.0.0.1', ''));
    expect(await dataSource.query("SHOW STATUS LIKE 'Ssl_cipher'")).toMatchObject([{ Value: '' }]);
    await dataSource.destroy();
  });

  it('may have names and passwords that are percent-encoded', async () => {
    const [user, password, database] = ['a b@c', 'p:/?#[]@ %ü', 'my name/ü'];
    await server.query(
      `CREATE USER '${user}'@'127.0.0.1' IDENTIFIED BY '${password}'`,
      `CREATE DATABASE \`${database}\``,
      `GRANT ALL ON \`${database}\`.* TO '${user}'@'127.0.0.1'`,
    );
    const [name, secret, path] = [user, password, database].map(encodeURIComponent);
    const dataSource = await connect(`mysql://${name}:${secret}@127.0.0.1:${server.port}/${path}`);
    expect(await dataSource.query('SELECT DATABASE() AS name')).toEqual([{ name: database }]);
    await dataSource.destroy();
  });
});
