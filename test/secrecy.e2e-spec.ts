import { createConnection, type RowDataPacket } from 'mysql2/promise';
import Database from 'better-sqlite3';
import { databases } from './support/databases';
import { secrets, testEnvironment } from './support/environment';
import { postJson, requestOtpPath, send, verifyPath } from './support/http-client';
import { ServiceProcess } from './support/service-process';
import { otherThan } from './support/test-app';

const phone = '+255679190720';

/** All rows of all tables, times left out: their digits are many, and none of them a code. */
async function dump(databaseUrl: string): Promise<string> {
  const rows: unknown[] = [];
  if (databaseUrl.startsWith('sqlite:')) {
    const database = new Database(databaseUrl.slice('sqlite:'.length), { readonly: true });
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all() as string[];
    for (const table of tables) rows.push(...database.prepare(`SELECT * FROM "${table}"`).all());
    database.close();
  } else {
    const connection = await createConnection(databaseUrl);
    const [tables] = await connection.query<RowDataPacket[]>('SHOW TABLES');
    for (const table of tables.flatMap((it) => Object.values(it) as string[])) {
      rows.push((await connection.query(`SELECT * FROM \`${table}\``))[0]);
    }
    await connection.end();
  }
  return JSON.stringify(rows).replaceAll(/"\d{4}-\d\d-\d\d[^"]*"/g, '""');
}

describe.each(databases)('a service that logs all it can, on $name', (database) => {
  it('tells no code, token, secret or phone number in its log, and keeps no code and no token', async () => {
    const url = await database.create();
    const service = await ServiceProcess.start({ DATABASE_URL: url, LOG_LEVEL: 'trace' });
    const body = (otp: string) => ({ phone_number: phone, otp });
    const replies: string[] = [];
    const say = async (path: string, it: object) => replies.push((await postJson(service.url, path, it)).text);

    await say(requestOtpPath, { phone_number: phone });
    const code = await service.codeFor(phone);
    await say(requestOtpPath, { phone_number: phone });
    await say(verifyPath, body(otherThan(code)));
    await say(verifyPath, body(`${code}1`));
    await say(verifyPath, { ...body(code), phone_number: `${phone} x` });
    for (const query of [`?otp=${code}&phone_number=${phone}`, `/${code}/${phone}`]) {
      await send(service.url, { method: 'POST', path: `${verifyPath}${query}`, headers: { 'X-Request-Id': 'mine' } });
    }
    const whileLive = await dump(url);
    const signIn = await postJson(service.url, verifyPath, body(code));
    await say(verifyPath, body(code));
    const { access, refresh } = JSON.parse(signIn.text) as Record<string, string>;
    const afterwards = await dump(url);
    expect(await service.stop()).toBe(0);

    const log = service.output.join('\n');
    expect(log.match(/"msg":"request"/g)?.length).toBe(9);
    const tokens = [access!, refresh!].flatMap((token) => [token, token.split('.')[2]!]);
    for (const secret of [code, phone.slice(1), ...tokens, ...Object.values(secrets)]) {
      expect(log).not.toContain(secret);
      expect(replies.join('\n')).not.toContain(secret);
    }
    for (const table of [whileLive, afterwards]) {
      for (const secret of [code, ...tokens, ...Object.values(secrets)]) expect(table).not.toContain(secret);
    }
    expect(whileLive).toContain(phone);
  });
});

describe('the console transport', () => {
  it('shows the text on a line for people, and nowhere else', async () => {
    const service = await ServiceProcess.start({ ...testEnvironment(), SMS_TRANSPORT: 'console' });
    await postJson(service.url, requestOtpPath, { phone_number: phone });
    const line = await service.lineWith(phone);
    await service.stop();

    expect(line).toMatch(/^ {2}Text to \+255679190720: \d{6} ni namba yako ya Hodi\./);
    expect(service.output.filter((it) => it.includes(phone))).toEqual([line]);
    const code = /\d{6}/.exec(line)![0];
    expect(service.output.filter((it) => it !== line && it.includes(code))).toEqual([]);
  });
});
