import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readMysqlUrl, UnusableMysqlUrl } from './mysql-url';

const folder = mkdtempSync(join(tmpdir(), 'hodi-test-'));
const ca = join(folder, 'ca.pem');
const empty = join(folder, 'empty.pem');
const pem = '-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n';
writeFileSync(ca, pem);
writeFileSync(empty, '');
afterAll(() => rmSync(folder, { recursive: true }));

const server = { host: 'db', port: 3306, user: 'u', password: 'p', database: 'n', tls: undefined };

it.each([
  ['mysql://u:p@db/n', server],
  ['mysql://u:p@db:3307/n', { ...server, port: 3307 }],
  ['mysql://db/n', { ...server, user: '', password: '' }],
  ['mysql://u:p@[::1]:3306/n', { ...server, host: '::1' }],
  ['mysql://u:p@[2001:db8::5]/n', { ...server, host: '2001:db8::5' }],
  ['mysql://u%40x:p%3A%2F%3F%23%25@db/my%20name', { ...server, user: 'u@x', password: 'p:/?#%', database: 'my name' }],
  ['mysql://%C3%BC:p+q@db/a%2Fb', { ...server, user: 'ü', password: 'p+q', database: 'a/b' }],
  ['mysql://u:p@db/n?', server],
  ['mysql://u:p@db/n?ssl-mode=disabled', server],
  ['mysql://u:p@db/n?ssl-mode=required', { ...server, tls: { rejectUnauthorized: false, verifyIdentity: false } }],
  ['mysql://u:p@db/n?ssl-mode=REQUIRED', { ...server, tls: { rejectUnauthorized: false, verifyIdentity: false } }],
  ['mysql://u:p@db/n?ssl-mode=verify-ca', { ...server, tls: { rejectUnauthorized: true, verifyIdentity: false } }],
  ['mysql://u:p@db/n?ssl-mode=VERIFY_IDENTITY', { ...server, tls: { rejectUnauthorized: true, verifyIdentity: true } }],
  [`mysql://u:p@db/n?ssl-ca=${ca}`, { ...server, tls: { rejectUnauthorized: true, verifyIdentity: false, ca: pem } }],
  [
    `mysql://u:p@db/n?ssl-mode=verify-identity&ssl-ca=${encodeURIComponent(ca)}`,
    { ...server, tls: { rejectUnauthorized: true, verifyIdentity: true, ca: pem } },
  ],
])('%s is read', (text, expected) => {
  expect(readMysqlUrl(text)).toEqual(expected);
});

const option = 'unknown option';
const escape = 'no escape';
const mode = 'ssl-mode out of: disabled, required, verify-ca, verify-identity';
it.each([
  ['mysql://marker:marker@db/marker?charset=utf8', option],
  ['mysql://marker:marker@db/marker?ssl={"rejectUnauthorized":false}', option],
  ['mysql://marker:marker@db/marker?host=other', option],
  ['mysql://marker:marker@db/marker?ssl_mode=required', option],
  ['mysql://marker:marker@db/marker?ssl-mode=required&sslmode=x', option],
  ['mysql://marker:marker@db/marker?ssl-mode=prefered', mode],
  ['mysql://marker:marker@db/marker?ssl-mode=', mode],
  ['mysql://marker:marker@db/marker?ssl-mode=constructor', mode],
  ['mysql://marker:marker@db/marker?ssl-mode=required&ssl-mode=disabled', 'the same option twice'],
  ['mysql://marker:marker@db/marker?ssl-ca=/marker.pem', 'no file with certificates'],
  [`mysql://marker:marker@db/marker?ssl-ca=${empty}`, 'no file with certificates'],
  [`mysql://marker:marker@db/marker?ssl-mode=required&ssl-ca=${ca}`, 'only verify-ca and verify-identity'],
  [`mysql://marker:marker@db/marker?ssl-mode=disabled&ssl-ca=${ca}`, 'only verify-ca and verify-identity'],
  ['mysql://marker:mar%ker@db/marker', escape],
  ['mysql://mar%FFker:marker@db/marker', escape],
  ['mysql://marker:marker@db/mar%ker', escape],
  ['mysql://marker:marker@db/marker#marker', 'written as %23'],
])('%s is refused, with a sentence that holds no value', (text, sentence) => {
  const read = () => readMysqlUrl(text);
  expect(read).toThrow(UnusableMysqlUrl);
  expect(read).toThrow(sentence);
  expect(read).not.toThrow('marker');
});
