import { wholeNumber, type Values } from '../variable/variable-kinds';

export const otpVariables = {
  OTP_TTL_SECONDS: wholeNumber(30, 600).default(300),
  OTP_MAX_ATTEMPTS: wholeNumber(1, 10).default(5),
  OTP_RESEND_SECONDS: wholeNumber(1, 600).default(60),
};

/** What an operator decides about one-time codes. */
export class OtpSettings {
  readonly otpTtlSeconds: number;
  /** Comparisons with one code. */
  readonly otpMaxAttempts: number;
  /** From one text to a number to the next. */
  readonly otpResendSeconds: number;

  constructor(values: Values<typeof otpVariables>) {
    this.otpTtlSeconds = values.OTP_TTL_SECONDS;
    this.otpMaxAttempts = values.OTP_MAX_ATTEMPTS;
    this.otpResendSeconds = values.OTP_RESEND_SECONDS;
  }
}
