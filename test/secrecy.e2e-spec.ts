import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { sqliteDriver } from '../src/database/sqlite-driver';
import { databases, sqlite } from './support/databases';
import { secrets, testEnvironment } from './support/environment';
import { postJson, requestOtpPath, send, verifyPath } from './support/http-client';
import { codeIn } from './support/inbox';
import { ProviderServer } from './simulator/provider-server';
import { ServiceProcess } from './support/service-process';
import { otherThan } from './support/test-app';

const Database = sqliteDriver();

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

describe('providers that repeat what they were sent', () => {
  const credentials = {
    AFRICASTALKING_USERNAME: 'marker-user',
    AFRICASTALKING_API_KEY: 'marker-africastalking',
    BEEM_API_KEY: 'marker-beem',
    BEEM_SECRET_KEY: 'marker-beem-secret',
    BEEM_SENDER: 'HODI',
    TWILIO_ACCOUNT_SID: `AC${'0a'.repeat(16)}`,
    TWILIO_AUTH_TOKEN: 'marker-twilio',
    TWILIO_SENDER: 'HODI',
    VONAGE_API_KEY: 'marker-vonage',
    VONAGE_API_SECRET: 'marker-vonage-secret',
    VONAGE_SENDER: 'HODI',
    INFOBIP_API_KEY: 'marker-infobip',
    INFOBIP_SENDER: 'HODI',
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'marker-aws',
    AWS_SECRET_ACCESS_KEY: 'marker-aws-secret',
    KANNEL_USERNAME: 'marker-kannel',
    KANNEL_PASSWORD: 'marker-kannel-secret',
    SMPP_URL: 'smpp://marker-smpp:marker-smpp-secret@127.0.0.1:1',
    SMPP_SENDER: 'HODI',
    SMS_WEBHOOK_SECRET: `whsec_${Buffer.from('marker-webhook-of-24-bytes').toString('base64')}`,
    SMS_RECEIPT_TOKEN: 'marker-receipt-token-of-32-bytes-or-more',
  };
  const overHttp = ['africastalking', 'beem', 'twilio', 'vonage', 'infobip', 'sns', 'kannel', 'webhook'];
  let provider: ProviderServer;
  beforeEach(async () => void (provider = await new ProviderServer().start()));
  afterEach(() => provider.stop());

  it.each([
    // These two take whatever is answered with 200.
    [200, overHttp.filter((name) => name !== 'kannel' && name !== 'webhook')],
    [302, overHttp],
    [400, overHttp],
    [401, overHttp],
    [429, overHttp],
    [500, overHttp],
  ])('with status %i bring nothing of it into the log or the tables', async (status, transports) => {
    const databaseUrl = await sqlite.create();
    const variables = ['AFRICASTALKING', 'BEEM', 'TWILIO', 'VONAGE', 'INFOBIP', 'SNS', 'KANNEL', 'SMS_WEBHOOK'];
    const service = await ServiceProcess.start({
      ...credentials,
      ...Object.fromEntries(variables.map((name) => [`${name}_URL`, provider.url])),
      DATABASE_URL: databaseUrl,
      LOG_LEVEL: 'trace',
      PUBLIC_URL: 'https://signin.hodi.test',
      SMS_TRANSPORT: [...transports, 'smpp', 'file'].join(),
    });
    // As a text, as an error code and as a header: wherever a transport may look.
    provider.answer((response, { body, headers }) => {
      const [code = ''] = /\b\d{6}\b(?= ni namba)/.exec(decodeURIComponent(body.replaceAll('+', ' '))) ?? [];
      const echo = {
        code,
        message: body,
        status: code,
        error: headers,
        SMSMessageData: { Message: code, Recipients: [] },
      };
      response.writeHead(status, { 'Retry-After': code, Location: `/${code}` }).end(JSON.stringify(echo));
    });
    await postJson(service.url, requestOtpPath, { phone_number: phone });
    const text = await service.textTo(phone);
    const code = codeIn(text);
    // What a provider reports may repeat it, too.
    const receipts = `/api/sms/receipts/africastalking/?token=${credentials.SMS_RECEIPT_TOKEN}`;
    await postJson(service.url, receipts, { id: code, status: code, failureReason: text });
    const rows = await dump(databaseUrl);
    expect(await service.stop()).toBe(0);

    expect(provider.requests.map(({ body }) => body).filter((body) => body.includes(code))).toHaveLength(
      transports.length,
    );
    const log = service.output.join('\n');
    expect(log.match(/"msg":"a transport did not take a text"/g)).toHaveLength(transports.length + 1);
    const markers = Object.values(credentials).filter((value) => value.includes('marker'));
    for (const secret of [code, phone.slice(1), 'ni namba', 'marker', ...markers]) expect(log).not.toContain(secret);
    for (const secret of [code, 'ni namba', 'marker']) expect(rows).not.toContain(secret);
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
