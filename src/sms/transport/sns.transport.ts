import { AwsV4Signer } from 'aws4fetch';
import type { Clock } from '../../clock/clock';
import { SmsNotTaken, type Sms, type SmsTransport } from '../sms-transport';
import { faultOfStatus, post } from './provider-http';
import type { SnsSettings } from './sns.settings';

/** Credentials, signature or permission: "Common errors" of docs.aws.amazon.com/sns/latest/api. */
const accountFaults = [
  ...['AccessDenied', 'AccessDeniedException', 'AuthorizationError', 'AuthorizationErrorException', 'NotAuthorized'],
  ...['ExpiredToken', 'ExpiredTokenException', 'IncompleteSignature', 'InvalidClientTokenId', 'InvalidSecurity'],
  ...['MissingAuthenticationToken', 'OptInRequired', 'RequestExpired', 'SignatureDoesNotMatch'],
  ...['UnrecognizedClientException'],
];
const throttledCodes = ['Throttling', 'ThrottlingException', 'Throttled', 'RequestLimitExceeded'];

/** Amazon SNS, `Publish` to a number (docs.aws.amazon.com/sns/latest/api). It has no reports over HTTP. */
export class SnsTransport implements SmsTransport {
  readonly name = 'sns';

  constructor(
    private readonly settings: SnsSettings,
    private readonly clock: Clock,
  ) {}

  async send({ to, text }: Sms, signal: AbortSignal): Promise<string | undefined> {
    const { sender } = this.settings;
    const attributes = { 'AWS.SNS.SMS.SMSType': 'Transactional', ...(sender && { 'AWS.SNS.SMS.SenderID': sender }) };
    const body = new URLSearchParams({ Action: 'Publish', Version: '2010-03-31', PhoneNumber: to, Message: text });
    Object.entries(attributes).forEach(([name, value], index) => {
      const entry = `MessageAttributes.entry.${index + 1}`;
      body.set(`${entry}.Name`, name);
      body.set(`${entry}.Value.DataType`, 'String');
      body.set(`${entry}.Value.StringValue`, value);
    });
    const reply = await this.post(body.toString(), signal);
    const element = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(reply.text)?.[1];
    const id = element('MessageId');
    if (reply.ok && id !== undefined) return id;
    throw faultOf(element('Code'), element('Message'), reply.status);
  }

  private async post(body: string, signal: AbortSignal) {
    const { url, region, accessKeyId, secretAccessKey, sessionToken } = this.settings;
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8' };
    const signer = new AwsV4Signer({
      ...{ method: 'POST', url: `${url}/`, headers, body },
      ...{ accessKeyId, secretAccessKey, sessionToken, region, service: 'sns' },
      datetime: this.clock
        .now()
        .toISOString()
        .replaceAll(/[:-]|\.\d{3}/g, ''),
    });
    const signed = await signer.sign();
    return post(signed.url.href, { headers: Object.fromEntries(signed.headers), body }, signal);
  }
}

function faultOf(code = '', message = '', status: number): SmsNotTaken {
  const ofNumber = code === 'OptedOut' || (code === 'InvalidParameter' && message.includes('PhoneNumber'));
  if (ofNumber) return SmsNotTaken.refused(code);
  if (throttledCodes.includes(code)) return SmsNotTaken.throttled(undefined, code);
  if (accountFaults.includes(code)) return SmsNotTaken.passing('account_refused', { providerCode: code });
  return code === '' ? faultOfStatus(status, 'unintelligible') : SmsNotTaken.unclear('unclear', code);
}
