import { readFileSync } from 'node:fs';

/** A MySQL or MariaDB server and how to reach it; what mysql2 calls its options. */
export interface MysqlServer {
  /** A name, or an address without brackets. */
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  /** How the server is recognised; without it the line is in plain text. */
  tls?: { rejectUnauthorized: boolean; verifyIdentity: boolean; ca?: string };
}

/** Why a URL cannot be used: its message completes a sentence about the variable and holds no value. */
export class UnusableMysqlUrl extends Error {}

/** Of MySQL's own clients (https://dev.mysql.com/doc/refman/8.4/en/connection-options.html#option_general_ssl-mode). */
const tlsOf: Record<string, MysqlServer['tls']> = {
  disabled: undefined,
  required: { rejectUnauthorized: false, verifyIdentity: false },
  'verify-ca': { rejectUnauthorized: true, verifyIdentity: false },
  'verify-identity': { rejectUnauthorized: true, verifyIdentity: true },
};

/**
 * Reads `mysql://user:password@host:3306/name`, each part decoded, with the options `ssl-mode` and `ssl-ca`.
 * @returns port 3306 if the URL has none; `tls` is undefined for a line in plain text
 * @throws UnusableMysqlUrl saying what is wrong, also with the file that `ssl-ca` names
 */
export function readMysqlUrl(text: string): MysqlServer {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'mysql:' || url.hostname === '') {
    throw new UnusableMysqlUrl('must be sqlite:path/to/file or mysql://user:password@host:3306/name');
  }
  if (url.pathname.length <= 1) throw new UnusableMysqlUrl('lacks the name of the database after the host');
  if (url.hash !== '') throw new UnusableMysqlUrl('has a # that must be written as %23');
  return {
    host: decoded(url.hostname.replace(/^\[|\]$/g, '')),
    port: Number(url.port || 3306),
    user: decoded(url.username),
    password: decoded(url.password),
    database: decoded(url.pathname.slice(1)),
    tls: readTls(url.searchParams),
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new UnusableMysqlUrl('has a % that is no escape: write it as %25');
  }
}

function readTls(options: URLSearchParams): MysqlServer['tls'] {
  const names = [...options.keys()];
  if (names.some((name) => name !== 'ssl-mode' && name !== 'ssl-ca')) {
    throw new UnusableMysqlUrl('has an unknown option after the ?: only ssl-mode and ssl-ca are known');
  }
  if (new Set(names).size < names.length) throw new UnusableMysqlUrl('has the same option twice');
  const file = options.get('ssl-ca');
  const mode = (options.get('ssl-mode') ?? (file === null ? 'disabled' : 'verify-ca')).toLowerCase().replace('_', '-');
  if (!Object.hasOwn(tlsOf, mode)) {
    throw new UnusableMysqlUrl(`must have an ssl-mode out of: ${Object.keys(tlsOf).join(', ')}`);
  }
  const tls = tlsOf[mode];
  if (file === null) return tls && { ...tls };
  if (!tls?.rejectUnauthorized) {
    throw new UnusableMysqlUrl('has an ssl-ca, which only verify-ca and verify-identity make use of');
  }
  return { ...tls, ca: certificates(file) };
}

function certificates(file: string): string {
  const fault = (cause?: unknown) =>
    new UnusableMysqlUrl('has an ssl-ca that is no file with certificates in PEM', { cause });
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw fault(cause);
  }
  if (!text.includes('-----BEGIN CERTIFICATE-----')) throw fault();
  return text;
}
