import type { AnyRefusal, RefusalCode } from '../error/refusal';

export interface RefusalReply {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

type ReplyTo<Code extends RefusalCode> = (refusal: Extract<AnyRefusal, { code: Code }>) => RefusalReply;

const detail = (status: number, text: string, headers?: Record<string, string>): RefusalReply => ({
  status,
  body: { detail: text },
  headers,
});

const seconds = (count: number) => `${count} second${count === 1 ? '' : 's'}`;

export const bodyLimit = 8_192;
/** A media type is told back, as REST framework does, but not a page of it. */
const longestTold = 200;

/** What each refusal looks like: Django REST framework's bodies, byte for byte. A forgotten code does not compile. */
export const refusalReplies: { readonly [Code in RefusalCode]: ReplyTo<Code> } = {
  invalid_otp: () => detail(400, 'Invalid OTP'),
  throttled: ({ retryAfterSeconds }) =>
    detail(429, `Request was throttled. Expected available in ${seconds(retryAfterSeconds)}.`, {
      'Retry-After': String(retryAfterSeconds),
    }),
  invalid_fields: ({ fields }) => ({
    status: 400,
    body: Object.fromEntries([...fields].map(([field, faults]) => [field, faults.map(({ message }) => message)])),
  }),
  malformed_body: ({ why }) => detail(400, why),
  malformed_request: () => detail(400, 'Malformed request.'),
  unsupported_media_type: ({ mediaType }) =>
    detail(415, `Unsupported media type "${mediaType.slice(0, longestTold)}" in request.`),
  body_too_large: () => detail(413, `Request body exceeds ${bodyLimit} bytes.`),
  not_acceptable: () => detail(406, 'Could not satisfy the request Accept header.'),
  method_not_allowed: ({ method, allowed }) =>
    detail(405, `Method "${method}" not allowed.`, { Allow: allowed.join(', ') }),
  not_found: () => detail(404, 'Not found.'),
  service_unavailable: () => detail(503, 'Service temporarily unavailable, try again later.', { 'Retry-After': '5' }),
  not_ready: ({ parts }) => ({ status: 503, body: { status: 'unavailable', parts }, headers: { 'Retry-After': '5' } }),
};

export const serverErrorReply: RefusalReply = detail(500, 'A server error occurred.');

export function replyTo(refusal: AnyRefusal): RefusalReply {
  const reply = refusalReplies[refusal.code] as (refusal: AnyRefusal) => RefusalReply;
  return reply(refusal);
}
