import { isValidPhoneNumber } from 'libphonenumber-js/max';
import { z } from 'zod';
import { Clock } from '../clock/clock';
import { list, type Values } from '../variable/variable-kinds';

export interface TestNumber {
  /** E.164. */
  phoneNumber: string;
  code: string;
  /** The last day (UTC), at its end. */
  until: Date;
}

const mostTestNumbers = 10;
const longestTestDays = 90;

/** `+255754000001:123456:2027-01-31`: a number, its code, the last day. Days past are none of a fault: they end a number. */
const testNumbers = list.transform((entries, context): TestNumber[] => {
  const fault = (message: string) => {
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  };
  if (entries.length > mostTestNumbers) return fault(`names more than ${mostTestNumbers} numbers`);
  const numbers: TestNumber[] = [];
  for (const entry of entries) {
    const [, phoneNumber = '', code = '', day = ''] = /^(\+\d+):(\d{6}):(\d{4}-\d{2}-\d{2})$/.exec(entry) ?? [];
    const until = new Date(`${day}T23:59:59.999Z`);
    if (!isValidPhoneNumber(phoneNumber) || Number.isNaN(until.getTime()))
      return fault('must be numbers with a code and a last day, such as +255754000001:123456:2027-01-31');
    if (until.getTime() > new Clock().now().getTime() + (longestTestDays + 1) * 86_400_000)
      return fault(`names a day more than ${longestTestDays} days ahead`);
    numbers.push({ phoneNumber, code, until });
  }
  if (new Set(numbers.map((it) => it.phoneNumber)).size < numbers.length) return fault('names a number twice');
  return numbers;
});

export const testNumberVariables = {
  OTP_TEST_NUMBERS: testNumbers.default([]),
  OTP_TEST_NUMBERS_IN_PRODUCTION: z.enum(['true', 'false'], 'must be true or false').default('false'),
};

type TestNumberValues = Values<typeof testNumberVariables>;

const unallowed = 'has codes that do not change; production wants OTP_TEST_NUMBERS_IN_PRODUCTION=true beside it';

/** @returns a line if production has numbers with fixed codes that it was not told to allow */
export function testNumberFaults(values: TestNumberValues, production: boolean): string[] {
  const allowed = !production || values.OTP_TEST_NUMBERS_IN_PRODUCTION === 'true';
  return allowed || values.OTP_TEST_NUMBERS.length === 0 ? [] : [`OTP_TEST_NUMBERS: ${unallowed}`];
}

/** The numbers with fixed codes. */
export class TestNumberSettings {
  readonly testNumbers: TestNumber[];

  constructor({ OTP_TEST_NUMBERS }: TestNumberValues) {
    this.testNumbers = OTP_TEST_NUMBERS;
  }
}
