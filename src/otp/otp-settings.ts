import { wholeNumber, type Values } from '../variable/variable-kinds';

export const otpVariables = {
  OTP_TTL_SECONDS: wholeNumber(30, 600).default(300),
};

/** What an operator decides about one-time codes, beside the limits of their numbers. */
export class OtpSettings {
  readonly otpTtlSeconds: number;

  constructor(values: Values<typeof otpVariables>) {
    this.otpTtlSeconds = values.OTP_TTL_SECONDS;
  }
}
