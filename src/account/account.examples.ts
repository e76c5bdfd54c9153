import type { ApiHeaderOptions, ApiResponseNoStatusOptions } from '@nestjs/swagger';

function refusals(examples: Record<string, { summary: string; value: object }>): ApiResponseNoStatusOptions {
  return { content: { 'application/json': { examples } } };
}

const invalidPhoneNumber = {
  summary: 'Not a phone number',
  value: { phone_number: ['Enter a valid phone number.'] },
};

export const requestOtpRefusals = refusals({ invalidPhoneNumber });

const invalidOtp = {
  summary: 'The code is wrong, expired, used up, or was never sent',
  value: { detail: 'Invalid OTP' },
};

const verifyOtpExamples = {
  invalidOtp,
  invalidOtpLength: {
    summary: 'Not the length of a code',
    value: { otp: ['Ensure this field has no more than 6 characters.'] },
  },
  invalidPhoneNumber,
};

export const verifyOtpRefusals = refusals(verifyOtpExamples);

const taken = {
  summary: 'The number has an account of its own',
  value: { phone_number: ['This phone number belongs to another account.'] },
};

export const newNumberRefusals = refusals({ ...verifyOtpExamples, taken });

export const undoRefusals = refusals({ invalidOtp, invalidPhoneNumber, taken });

export const idempotencyKey: ApiHeaderOptions = {
  name: 'Idempotency-Key',
  description: 'The same request with the same key gets the same answer again for 60 s: for lost replies.',
  required: false,
  schema: { type: 'string', minLength: 8, maxLength: 128, pattern: '^[!-~]+$' },
};

export const acceptLanguage: ApiHeaderOptions = {
  name: 'Accept-Language',
  description: 'Languages of the text, where `locale` names none that there are words in.',
  required: false,
  schema: { type: 'string' },
};

const coded = (description: string, detail: string, code: string): ApiResponseNoStatusOptions => ({
  description,
  content: { 'application/json': { example: { detail, code } } },
});

export const keyReused = coded(
  'The Idempotency-Key was used for another request.',
  'This Idempotency-Key was used for another request.',
  'idempotency_key_reused',
);

export const badKey = coded(
  'The Idempotency-Key is not one.',
  'Idempotency-Key must be 8 to 128 visible ASCII characters.',
  'invalid_idempotency_key',
);

export const notFresh = coded(
  'The sign-in is over 10 minutes old.',
  'Sign in again to do this.',
  'fresh_login_required',
);
