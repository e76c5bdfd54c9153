import { request } from 'node:http';
import { expectDocumented } from './openapi-document';

export interface HttpRequest {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** Which of this machine's addresses it comes from. */
  localAddress?: string;
}

export interface HttpReply {
  status: number;
  headers: Record<string, string>;
  text: string;
}

/** Sends what it is told to the letter, and holds every reply against the OpenAPI document. */
export async function send(
  url: string,
  { method, path, headers = {}, body = '', localAddress }: HttpRequest,
): Promise<HttpReply> {
  const bytes = Buffer.from(body);
  const length = method === 'POST' || bytes.length > 0 ? { 'Content-Length': String(bytes.length) } : {};
  const reply = await new Promise<HttpReply>((resolve, reject) => {
    const options = { method, headers: { ...length, ...headers }, agent: false, localAddress };
    const call = request(`${url}${path}`, options, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers as Record<string, string>,
          text: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    call.on('error', reject);
    call.end(bytes);
  });
  expectDocumented(method, path, reply);
  return reply;
}

export function postJson(url: string, path: string, body: unknown, headers: Record<string, string> = {}) {
  const json = { 'Content-Type': 'application/json', ...headers };
  return send(url, { method: 'POST', path, headers: json, body: JSON.stringify(body) });
}

/** The answer to a request for a code; the id is another one each time. */
export const otpSent =
  /^\{"detail":"OTP sent successfully","expires_in":300,"resend_in":60,"code_length":6,"code_format":"numeric","request_id":"[0-9a-f-]{36}"\}$/;

export const requestOtpPath = '/api/account/request-otp/';
export const verifyPath = '/api/account/verify-otp-and-generate-token/';
