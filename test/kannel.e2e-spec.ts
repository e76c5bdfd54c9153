import { readSettings } from '../src/settings/settings';
import { Log } from '../src/log/log';
import { transportsOf } from '../src/sms/transports';
import { testEnvironment } from './support/environment';
import { FakeClock } from './support/fake-clock';
import { postJson, requestOtpPath, send, verifyPath } from './support/http-client';
import { codeIn } from './support/inbox';
import { DriveSmpp, endKannel, hasKannel, Kannel, type FakeCentre } from './simulator/kannel';
import { freePort } from './support/free-port';
import { MessageCentre, receipt, receiptText } from './simulator/message-centre';
import { ServiceProcess } from './support/service-process';

const [describeKannel, where] = hasKannel ? [describe, ''] : [describe.skip, ' (skipped without Kannel)'];

const phone = '+221771234567';
const receiptToken = 'r'.repeat(32);
const account = { KANNEL_USERNAME: 'hodi', KANNEL_PASSWORD: 'kannel-password', KANNEL_SENDER: 'HODI' };

/** A service that Kannel can reach: where that is has to be known before it listens. */
async function serviceAt(kannel: Kannel): Promise<ServiceProcess> {
  const port = await freePort();
  const texts = { SMS_APP_NAME: 'Café', SMS_BOUND_DOMAIN: 'app.hodi.test', SMS_TRANSPORT: 'kannel' };
  const receipts = { PUBLIC_URL: `http://127.0.0.1:${port}`, SMS_RECEIPT_TOKEN: receiptToken };
  return ServiceProcess.start({ PORT: String(port), ...texts, ...receipts, KANNEL_URL: kannel.url, ...account });
}

/** @returns the id of the request */
async function requestOtp({ url }: ServiceProcess, phoneNumber: string, language: string): Promise<string> {
  const headers = { 'Accept-Language': language };
  const reply = await postJson(url, requestOtpPath, { phone_number: phoneNumber }, headers);
  return (JSON.parse(reply.text) as { request_id: string }).request_id;
}

/** Asks until the text is no longer on its way. */
async function endOf({ url }: ServiceProcess, requestId: string): Promise<string> {
  for (;;) {
    const reply = await send(url, { method: 'GET', path: `/api/account/request-otp/${requestId}/` });
    const { status } = JSON.parse(reply.text) as { status: string };
    if (status !== 'queued' && status !== 'sent') return status;
  }
}

/** A transport alone. */
function transportOf(env: NodeJS.ProcessEnv) {
  const settings = readSettings(testEnvironment(env));
  const log = new Log(settings.log, { write: () => undefined });
  return transportsOf(settings.sms, new FakeClock(), log)[0]!;
}

const text = (to: string) => ({ id: '0', to, text: 'Habari {é}', ttlSeconds: 300 });
const { signal } = new AbortController();

afterAll(() => endKannel());

describeKannel(`texts over Kannel to a phone${where}`, () => {
  let kannel: Kannel;
  let centre: FakeCentre;
  let service: ServiceProcess;

  beforeAll(async () => {
    ({ kannel, centre } = await Kannel.withFakeCentre(['denied-prefix = "+999;999"']));
    service = await serviceAt(kannel);
  });
  afterAll(() => void service?.signal('SIGKILL'));

  it.each([
    ['fr', /^(\d{6}) est votre code Café\. Ne le donnez à personne\.\n@app\.hodi\.test #\1$/],
    ['ar', /^(\d{6}) رمز الدخول إلى Café\. لا تشاركه مع أحد\.\n@app\.hodi\.test #\1$/],
  ])('arrive whole, with a code that is good, and are reported as delivered: %s', async (language, words) => {
    const phoneNumber = language === 'fr' ? phone : '+221771234568';
    const requestId = await requestOtp(service, phoneNumber, language);
    const taken = await centre.textTo(phoneNumber, /#\d{6}$/);
    expect(taken).toMatchObject({ from: 'HODI', to: phoneNumber });
    expect(taken.text).toMatch(words);
    expect(await endOf(service, requestId)).toBe('delivered');

    const code = codeIn(taken.text);
    const reply = await postJson(service.url, verifyPath, { phone_number: phoneNumber, otp: code });
    expect(reply.status).toBe(200);
  });

  it('without a place for receipts are taken as well', async () => {
    const transport = transportOf({ SMS_TRANSPORT: 'kannel', KANNEL_URL: kannel.url, ...account });
    expect(await transport.send(text('+221771234569'), signal)).toBeUndefined();
    expect(await centre.textTo('+221771234569', /./)).toMatchObject({ text: 'Habari {é}' });
  });

  it.each([
    ['with a wrong password', { KANNEL_PASSWORD: 'wrong' }, phone, { kind: 'passing', reason: 'account_refused:403' }],
    ['to a number that is not served', {}, '+999771234567', { kind: 'refused', reason: 'refused:not_routable' }],
  ])('are refused %s', async (_why, env, to, fault) => {
    const transport = transportOf({ SMS_TRANSPORT: 'kannel', KANNEL_URL: kannel.url, ...account, ...env });
    await expect(transport.send(text(to), signal)).rejects.toMatchObject(fault);
  });

  it('leave no code in a log', () => {
    const codes = centre.texts().flatMap((it) => /\d{6}/.exec(it.text)?.[0] ?? []);
    expect(codes).toHaveLength(2);
    expect(kannel.logs()).toContain('no router');
    for (const log of [kannel.logs(), service.output.join('\n')])
      for (const code of codes) expect(log).not.toContain(code);
  });
});

describeKannel(`texts over Kannel to a message centre${where}`, () => {
  let centre: MessageCentre;
  let kannel: Kannel;
  let service: ServiceProcess;

  beforeAll(async () => {
    centre = await MessageCentre.start();
    kannel = await Kannel.boundTo(centre);
    service = await serviceAt(kannel);
  });
  afterAll(async () => {
    service?.signal('SIGKILL');
    await centre?.stop();
  });

  it('are reported as failed where it cannot deliver them', async () => {
    centre.answerSubmit = () => ({ message_id: 'b2c1' });
    const requestId = await requestOtp(service, phone, 'fr');
    await centre.until(() => centre.submits.length === 1);
    expect(centre.submits).toMatchObject([{ source_addr: 'HODI', registered_delivery: 1, data_coding: 0 }]);
    await centre.deliver(receipt({ short_message: receiptText('b2c1', 'UNDELIV', '069') }));
    expect(await endOf(service, requestId)).toBe('failed');
  });

  it('are reported as failed where it does not take them', async () => {
    centre.answerSubmit = () => ({ command_status: 0x0b });
    const requestId = await requestOtp(service, '+221771234568', 'fr');
    expect(await endOf(service, requestId)).toBe('failed');
  });

  it('leave no code in a log', () => {
    const codes = centre.submits.map(({ short_message }) => codeIn(short_message.toString('latin1')));
    expect(codes).toHaveLength(2);
    expect(kannel.logs()).toContain('0x0000000b');
    for (const log of [kannel.logs(), service.output.join('\n')])
      for (const code of codes) expect(log).not.toContain(code);
  });
});

describeKannel(`the SMPP transport with Kannel’s message centre${where}`, () => {
  let centre: DriveSmpp | undefined;
  afterAll(() => centre?.stop());

  it('binds as a transmitter, and has a text taken', async () => {
    centre = await DriveSmpp.start();
    const env = { SMPP_URL: centre.url, SMPP_SENDER: 'HODI', SMPP_BIND: 'transmitter' };
    const transport = transportOf({ SMS_TRANSPORT: 'smpp', ...env });
    transport.open!(async () => undefined);
    // It gives no ids.
    expect(await transport.send(text(phone), signal)).toBeUndefined();
    await centre.hears('submit_sm: short_message = <Habari ');
    await transport.close!();
  });
});
