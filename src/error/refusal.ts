/**
 * Why a request is refused, in the words of the business. Nothing here knows HTTP:
 * `src/http/refusal-replies.ts` says what each `code` looks like to a client.
 */
export abstract class Refusal extends Error {
  abstract readonly code: string;

  override get name(): string {
    return this.constructor.name;
  }
}

/** The code is wrong, expired, used up, or was never sent: one answer for all of them. */
export class InvalidOtp extends Refusal {
  readonly code = 'invalid_otp';
}

/** The rules that `Throttled` names: docs/limits.md has a row for each. */
export const throttleRules = [
  'throttled',
  'code_already_sent',
  'number_texts_hour',
  'number_texts_day',
  'address_texts',
  'address_wrong_codes',
  'toll_stop',
  'daily_texts',
  'daily_money',
  'denied_prefix',
  'denied_network',
] as const;
export type ThrottleRule = (typeof throttleRules)[number];

export class Throttled extends Refusal {
  readonly code = 'throttled';

  /**
   * @param retryAfterSeconds whole seconds, 1 or more
   * @param rule told to those who ask for problem details; the plain reply is the same for all
   */
  constructor(
    readonly retryAfterSeconds: number,
    readonly rule: ThrottleRule = 'throttled',
  ) {
    super();
  }
}

/** What is wrong with one field: a stable code and the sentence that clients of the API know. */
export interface FieldFault {
  code: string;
  message: string;
}

/** The faults of all bad fields, in the order in which the fields are documented. */
export class InvalidFields extends Refusal {
  readonly code = 'invalid_fields';

  constructor(readonly fields: ReadonlyMap<string, readonly FieldFault[]>) {
    super();
  }

  /** The body as a whole is not what can be read field by field. */
  static ofWholeBody(fault: FieldFault): InvalidFields {
    return new InvalidFields(new Map([['non_field_errors', [fault]]]));
  }
}

export class MalformedBody extends Refusal {
  readonly code = 'malformed_body';

  /** @param why names the fault and its place, never a value from the body */
  constructor(readonly why: string) {
    super(why);
  }
}

export class MalformedRequest extends Refusal {
  readonly code = 'malformed_request';
}

export class UnsupportedMediaType extends Refusal {
  readonly code = 'unsupported_media_type';

  constructor(readonly mediaType: string) {
    super();
  }
}

export class BodyTooLarge extends Refusal {
  readonly code = 'body_too_large';

  constructor(readonly limitBytes: number) {
    super();
  }
}

export class NotAcceptable extends Refusal {
  readonly code = 'not_acceptable';
}

export class MethodNotAllowed extends Refusal {
  readonly code = 'method_not_allowed';

  constructor(
    readonly method: string,
    readonly allowed: readonly string[],
  ) {
    super();
  }
}

export class NotFound extends Refusal {
  readonly code = 'not_found';
}

/** A page of another origin made its visitor's browser send this. */
export class CrossSiteRequest extends Refusal {
  readonly code = 'cross_site_request';
}

/** No access token where one is needed. */
export class NotAuthenticated extends Refusal {
  readonly code = 'not_authenticated';
}

export class BadAuthorizationHeader extends Refusal {
  readonly code = 'bad_authorization_header';
}

/** The access token that came with the request is not valid, or its session is over. */
export class AccessTokenNotValid extends Refusal {
  readonly code = 'access_token_not_valid';
}

/** A token in a request's body is none that can be used. */
export class TokenNotValid extends Refusal {
  readonly code = 'token_not_valid';
}

/** What cannot be undone is done only soon after a sign-in. */
export class FreshLoginRequired extends Refusal {
  readonly code = 'fresh_login_required';
}

/** An `Idempotency-Key` came once more, with another request. */
export class IdempotencyKeyReused extends Refusal {
  readonly code = 'idempotency_key_reused';
}

export class InvalidIdempotencyKey extends Refusal {
  readonly code = 'invalid_idempotency_key';
}

/** A request is taken only with a solved challenge, and came without one. */
export class ChallengeRequired extends Refusal {
  readonly code = 'challenge_required';
  readonly fields = faultOfToken({ code: 'required', message: 'This field is required.' });
}

/** The challenge that came along is not solved, expired, or used. */
export class ChallengeInvalid extends Refusal {
  readonly code = 'challenge_invalid';
  readonly fields = faultOfToken({ code: 'invalid', message: 'Enter a valid value.' });
}

function faultOfToken(fault: FieldFault): ReadonlyMap<string, readonly FieldFault[]> {
  return new Map([['captcha_token', [fault]]]);
}

/** What comes as a receipt of a provider does not prove to be one. */
export class ReceiptNotAuthentic extends Refusal {
  readonly code = 'receipt_not_authentic';
}

export class InvalidPage extends Refusal {
  readonly code = 'invalid_page';
}

/** Something the service depends on does not answer; the cause is for the log only. */
export class ServiceUnavailable extends Refusal {
  readonly code = 'service_unavailable';

  constructor(cause?: unknown) {
    super(undefined, { cause });
  }
}

/** A part that is degraded is missed, but the service does without it. */
export type PartStatus = 'up' | 'degraded' | 'down';

/** The service is up, but one of its parts is not; says which. */
export class NotReady extends Refusal {
  readonly code = 'not_ready';

  constructor(readonly parts: Readonly<Record<string, PartStatus>>) {
    super();
  }
}

export type AnyRefusal =
  | InvalidOtp
  | Throttled
  | InvalidFields
  | MalformedBody
  | MalformedRequest
  | UnsupportedMediaType
  | BodyTooLarge
  | NotAcceptable
  | MethodNotAllowed
  | NotFound
  | CrossSiteRequest
  | NotAuthenticated
  | BadAuthorizationHeader
  | AccessTokenNotValid
  | TokenNotValid
  | FreshLoginRequired
  | IdempotencyKeyReused
  | InvalidIdempotencyKey
  | ChallengeRequired
  | ChallengeInvalid
  | InvalidPage
  | ReceiptNotAuthentic
  | ServiceUnavailable
  | NotReady;

export type RefusalCode = AnyRefusal['code'];
