import type { ApiResponseNoStatusOptions } from '@nestjs/swagger';

function refusals(examples: Record<string, { summary: string; value: object }>): ApiResponseNoStatusOptions {
  return { content: { 'application/json': { examples } } };
}

const invalidPhoneNumber = {
  summary: 'Not a phone number',
  value: { phone_number: ['Enter a valid phone number.'] },
};

export const requestOtpRefusals = refusals({ invalidPhoneNumber });

export const verifyOtpRefusals = refusals({
  invalidOtp: {
    summary: 'The code is wrong, expired, used up, or was never sent',
    value: { detail: 'Invalid OTP' },
  },
  invalidOtpLength: {
    summary: 'Not the length of a code',
    value: { otp: ['Ensure this field has no more than 6 characters.'] },
  },
  invalidPhoneNumber,
});
