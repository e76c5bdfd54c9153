import { wholeNumber, type Values } from '../variable/variable-kinds';

/** @param production whether limits must hold that bound what can be guessed: see docs/limits.md */
export const numberLimitVariables = (production: boolean) => ({
  OTP_MAX_ATTEMPTS: wholeNumber(1, production ? 5 : 10).default(5),
  OTP_RESEND_SECONDS: wholeNumber(production ? 30 : 1, 600).default(60),
  OTP_TEXTS_PER_HOUR: wholeNumber(0, 1_000).default(5),
  OTP_TEXTS_PER_DAY: wholeNumber(0, 1_000).default(10),
  OTP_DEVICE_TEXTS_PER_DAY: wholeNumber(0, 100).default(5),
  OTP_WRONG_PER_DAY: wholeNumber(production ? 5 : 0, 1_000).default(10),
  OTP_WRONG_PER_MONTH: wholeNumber(production ? 5 : 0, 1_000).default(30),
});

/** What an operator decides about limits of one phone number. */
export class NumberLimitSettings {
  /** Comparisons with one code in one lane. */
  readonly maxAttempts: number;
  /** From the first text to a number to the next. */
  readonly resendSeconds: number;
  /** Texts to one number; 0 for no limit. */
  readonly textsPerHour: number;
  readonly textsPerDay: number;
  /** Beyond those, for known devices and networks. */
  readonly deviceTextsPerDay: number;
  /** Wrong guesses at six-digit codes of one number, in 24 hours and in 30 days; 0 for no limit. */
  readonly wrongPerDay: number;
  readonly wrongPerMonth: number;

  constructor(values: Values<ReturnType<typeof numberLimitVariables>>) {
    this.maxAttempts = values.OTP_MAX_ATTEMPTS;
    this.resendSeconds = values.OTP_RESEND_SECONDS;
    this.textsPerHour = values.OTP_TEXTS_PER_HOUR;
    this.textsPerDay = values.OTP_TEXTS_PER_DAY;
    this.deviceTextsPerDay = values.OTP_DEVICE_TEXTS_PER_DAY;
    this.wrongPerDay = values.OTP_WRONG_PER_DAY;
    this.wrongPerMonth = values.OTP_WRONG_PER_MONTH;
  }
}
