import type { AnyRefusal, InvalidFields, RefusalCode } from '../error/refusal';

/** What the front door sends for a refusal: the plain form, which problem details are made from as well. */
export interface RefusalReply {
  status: number;
  /** As JSON. */
  body: unknown;
  headers?: Record<string, string>;
}

type ReplyTo<Code extends RefusalCode> = (refusal: Extract<AnyRefusal, { code: Code }>) => RefusalReply;

const detail = (status: number, text: string, headers?: Record<string, string>): RefusalReply => ({
  status,
  body: { detail: text },
  headers,
});

const coded = (status: number, text: string, code: string, headers?: Record<string, string>): RefusalReply => ({
  status,
  body: { detail: text, code },
  headers,
});

/** RFC 6750 section 3. */
const bearer = { 'WWW-Authenticate': 'Bearer realm="api"' };

const seconds = (count: number) => `${count} second${count === 1 ? '' : 's'}`;

/** A media type is told back, as REST framework does, but not a page of it. */
const longestTold = 200;

const badFields = ({ fields }: { fields: InvalidFields['fields'] }): RefusalReply => ({
  status: 400,
  body: Object.fromEntries([...fields].map(([field, faults]) => [field, faults.map(({ message }) => message)])),
});

/** What each refusal looks like: Django REST framework's bodies, byte for byte. A forgotten code does not compile. */
export const refusalReplies: { readonly [Code in RefusalCode]: ReplyTo<Code> } = {
  invalid_otp: () => detail(400, 'Invalid OTP'),
  throttled: ({ retryAfterSeconds }) =>
    detail(429, `Request was throttled. Expected available in ${seconds(retryAfterSeconds)}.`, {
      'Retry-After': String(retryAfterSeconds),
    }),
  invalid_fields: badFields,
  challenge_required: badFields,
  challenge_invalid: badFields,
  malformed_body: ({ why }) => detail(400, why),
  malformed_request: () => detail(400, 'Malformed request.'),
  unsupported_media_type: ({ mediaType }) =>
    detail(415, `Unsupported media type "${mediaType.slice(0, longestTold)}" in request.`),
  body_too_large: ({ limitBytes }) => detail(413, `Request body exceeds ${limitBytes} bytes.`),
  not_acceptable: () => detail(406, 'Could not satisfy the request Accept header.'),
  method_not_allowed: ({ method, allowed }) =>
    detail(405, `Method "${method}" not allowed.`, { Allow: allowed.join(', ') }),
  not_found: () => detail(404, 'Not found.'),
  invalid_page: () => detail(404, 'Invalid page.'),
  cross_site_request: () => detail(403, 'Cross-site requests are not allowed.'),
  not_authenticated: () => detail(401, 'Authentication credentials were not provided.', bearer),
  bad_authorization_header: () =>
    coded(401, 'Authorization header must contain two space-delimited values', 'bad_authorization_header', bearer),
  access_token_not_valid: () => ({
    status: 401,
    body: {
      detail: 'Given token not valid for any token type',
      code: 'token_not_valid',
      messages: [{ token_class: 'AccessToken', token_type: 'access', message: 'Token is invalid or expired' }],
    },
    headers: bearer,
  }),
  token_not_valid: () => coded(401, 'Token is invalid or expired', 'token_not_valid', bearer),
  fresh_login_required: () => coded(403, 'Sign in again to do this.', 'fresh_login_required'),
  receipt_not_authentic: () => coded(403, 'This receipt is not authentic.', 'receipt_not_authentic'),
  idempotency_key_reused: () =>
    coded(422, 'This Idempotency-Key was used for another request.', 'idempotency_key_reused'),
  invalid_idempotency_key: () =>
    coded(400, 'Idempotency-Key must be 8 to 128 visible ASCII characters.', 'invalid_idempotency_key'),
  service_unavailable: () => detail(503, 'Service temporarily unavailable, try again later.', { 'Retry-After': '5' }),
  not_ready: ({ parts }) => ({ status: 503, body: { status: 'unavailable', parts }, headers: { 'Retry-After': '5' } }),
};

export const serverErrorReply: RefusalReply = detail(500, 'A server error occurred.');

/** The plain reply for a refusal: `refusalReplies` by its code. */
export function replyFor(refusal: AnyRefusal): RefusalReply {
  const reply = refusalReplies[refusal.code] as (refusal: AnyRefusal) => RefusalReply;
  return reply(refusal);
}
