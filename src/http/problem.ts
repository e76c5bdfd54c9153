import { docsPrefix } from '../client/request-path';
import { Throttled, type AnyRefusal, type RefusalCode, type ThrottleRule } from '../error/refusal';
import type { RefusalReply } from './refusal-replies';

/** Where each code has a section of its own: `docs/problems.md`, as the service itself serves it. */
export const problemsPath = `/${docsPrefix}/problems/`;

/** RFC 9457, with what a program needs: a code that stays, the request's id, and the faults of each bad field. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ProblemCode;
  request_id: string;
  errors?: { field: string; code: string; message: string }[];
}

export type ProblemCode = RefusalCode | ThrottleRule | 'server_error';

export const problemTitles: Readonly<Record<ProblemCode, string>> = {
  invalid_otp: 'Invalid code',
  throttled: 'Too many requests',
  code_already_sent: 'Code already sent',
  number_texts_hour: 'Too many texts to this number in an hour',
  number_texts_day: 'Too many texts to this number in a day',
  address_texts: 'Too many texts asked for from this address',
  address_wrong_codes: 'Too many wrong codes from this address',
  toll_stop: 'Texts to these numbers are stopped',
  daily_texts: 'Texts of the day used up',
  daily_money: 'Budget of the day used up',
  denied_prefix: 'Numbers not allowed',
  denied_network: 'Network not allowed',
  invalid_fields: 'Invalid fields',
  malformed_body: 'Unreadable body',
  malformed_request: 'Malformed request',
  unsupported_media_type: 'Unsupported media type',
  body_too_large: 'Body too large',
  not_acceptable: 'Not acceptable',
  method_not_allowed: 'Method not allowed',
  not_found: 'Not found',
  invalid_page: 'No such page',
  cross_site_request: 'Cross-site request',
  not_authenticated: 'Not signed in',
  bad_authorization_header: 'Malformed Authorization header',
  access_token_not_valid: 'Access token not valid',
  token_not_valid: 'Token not valid',
  fresh_login_required: 'Fresh sign-in required',
  challenge_required: 'Challenge required',
  challenge_invalid: 'Challenge invalid',
  receipt_not_authentic: 'Receipt not authentic',
  idempotency_key_reused: 'Idempotency key reused',
  invalid_idempotency_key: 'Invalid idempotency key',
  service_unavailable: 'Service unavailable',
  not_ready: 'Not ready',
  server_error: 'Server error',
};

/** The same refusal as its plain reply, told in more detail. */
export function problemOf(refusal: AnyRefusal | undefined, reply: RefusalReply, requestId: string): Problem {
  const code: ProblemCode = refusal instanceof Throttled ? refusal.rule : (refusal?.code ?? 'server_error');
  const title = problemTitles[code];
  const { detail = `${title}.` } = reply.body as { detail?: string };
  const problem: Problem = {
    type: `${problemsPath}#${code}`,
    title,
    status: reply.status,
    detail,
    code,
    request_id: requestId,
  };
  if (refusal === undefined || !('fields' in refusal)) return problem;
  const errors = [...refusal.fields].flatMap(([field, faults]) => faults.map((fault) => ({ field, ...fault })));
  return { ...problem, errors };
}
