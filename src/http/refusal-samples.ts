import {
  AccessTokenNotValid,
  BadAuthorizationHeader,
  BodyTooLarge,
  ChallengeInvalid,
  ChallengeRequired,
  CrossSiteRequest,
  FreshLoginRequired,
  IdempotencyKeyReused,
  InvalidFields,
  InvalidIdempotencyKey,
  InvalidOtp,
  InvalidPage,
  MalformedBody,
  MalformedRequest,
  MethodNotAllowed,
  NotAcceptable,
  NotAuthenticated,
  NotFound,
  NotReady,
  ReceiptNotAuthentic,
  ServiceUnavailable,
  Throttled,
  TokenNotValid,
  UnsupportedMediaType,
  type AnyRefusal,
  type RefusalCode,
} from '../error/refusal';
import type { DeclaredRefusal } from '../error/refuses';
import { bodyLimit } from './request-body';

/** A refusal as the OpenAPI document shows it. */
export interface RefusalSample {
  refusal: AnyRefusal;
  /** One sentence. */
  when: string;
}

type SampleOf<Code extends RefusalCode> = readonly [refusal: Extract<AnyRefusal, { code: Code }>, when: string];

/** What the document shows of each refusal where its route says no more. A forgotten code does not compile. */
const samples: { readonly [Code in RefusalCode]: SampleOf<Code> } = {
  invalid_otp: [new InvalidOtp(), 'The code is wrong, expired, used up, or was never sent.'],
  throttled: [new Throttled(42), 'Too many requests from this address, or for this number.'],
  invalid_fields: [
    InvalidFields.ofWholeBody({ code: 'null', message: 'No data provided' }),
    'Fields are missing or bad, or the body is no dictionary.',
  ],
  malformed_body: [
    new MalformedBody('JSON parse error - Expecting value: line 1 column 1 (char 0)'),
    'The body cannot be read.',
  ],
  malformed_request: [new MalformedRequest(), 'The request is not as HTTP wants it, or its `Host` is no host.'],
  unsupported_media_type: [new UnsupportedMediaType('text/plain'), 'The body is none of the media types above.'],
  body_too_large: [new BodyTooLarge(bodyLimit), 'The body is too large.'],
  not_acceptable: [new NotAcceptable(), 'The caller takes no JSON.'],
  method_not_allowed: [new MethodNotAllowed('PUT', ['POST', 'OPTIONS']), 'The path has no such method.'],
  not_found: [new NotFound(), 'There is no such path.'],
  cross_site_request: [new CrossSiteRequest(), 'A web page of another origin sent it.'],
  not_authenticated: [new NotAuthenticated(), 'The access token is missing.'],
  bad_authorization_header: [new BadAuthorizationHeader(), 'The `Authorization` header is not two words.'],
  access_token_not_valid: [new AccessTokenNotValid(), 'The access token is not valid, or its session is over.'],
  token_not_valid: [
    new TokenNotValid(),
    'The token is expired, used up, signed out, of the other type, or none of ours.',
  ],
  fresh_login_required: [new FreshLoginRequired(), 'The sign-in is over 10 minutes old.'],
  idempotency_key_reused: [new IdempotencyKeyReused(), 'The Idempotency-Key was used for another request.'],
  invalid_idempotency_key: [new InvalidIdempotencyKey(), 'The Idempotency-Key is not one.'],
  challenge_required: [new ChallengeRequired(), 'A solved challenge is demanded, and `captcha_token` is missing.'],
  challenge_invalid: [new ChallengeInvalid(), 'The challenge of `captcha_token` is not solved, expired, or used.'],
  receipt_not_authentic: [new ReceiptNotAuthentic(), 'The call does not prove that it comes from the provider.'],
  invalid_page: [new InvalidPage(), 'There is no such page.'],
  service_unavailable: [
    new ServiceUnavailable(),
    'The database, or a provider that the request depends on, does not answer.',
  ],
  not_ready: [new NotReady({ database: 'down' }), 'A part is down, or the process is stopping.'],
};

/** @returns the refusal that was declared, with the usual values and the usual sentence where the route gives none */
export function sampleOf({ refusal: declared, when }: DeclaredRefusal): RefusalSample {
  const usual = Object.values(samples).find(([refusal]) => refusal === declared || refusal.constructor === declared);
  const refusal = typeof declared === 'function' ? usual![0] : declared;
  return { refusal, when: when ?? samples[refusal.code][1] };
}
