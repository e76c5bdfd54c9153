import {
  parsePhoneNumberFromString,
  validatePhoneNumberLength,
  type CountryCode,
  type NumberType,
} from 'libphonenumber-js/max';

export interface PhonePolicy {
  /** Region of numbers typed without a country code; without it such numbers are refused. */
  defaultRegion?: CountryCode;
  /** Countries served; all, if absent. */
  countries?: readonly CountryCode[];
}

/** Types that cannot receive a text message, or at the expense of whoever sends it. */
const untextable = new Set<NumberType>(['PREMIUM_RATE', 'TOLL_FREE', 'SHARED_COST', 'UAN', 'PAGER', 'VOICEMAIL']);

/** Calling codes of satellite and other networks above the countries (ITU-T E.164 Annex): libphonenumber calls some of them mobile. */
const satellite = new Set(['870', '881', '882', '883']);

/** A valid phone number. Its E.164 form is the only key for accounts, codes and limits, and the only form sent back. */
export class PhoneNumber {
  private constructor(
    /** `+` and at most 15 digits. */
    readonly e164: string,
    /** ISO 3166-1 alpha-2, absent for numbers of no country. */
    readonly country: CountryCode | undefined,
    /** Whether a text message can be sent there at an ordinary price. */
    readonly textable: boolean,
  ) {}

  /** @returns undefined for whatever libphonenumber's full metadata, or the policy, does not call a valid number */
  static read(text: string, policy: PhonePolicy): PhoneNumber | undefined {
    const digits = undisguise(text);
    if (digits === undefined) return undefined;
    const number = parsePhoneNumberFromString(digits, { defaultCountry: policy.defaultRegion, extract: false });
    if (!number?.isValid() || number.number.length > longestE164) return undefined;
    if (policy.countries && (!number.country || !policy.countries.includes(number.country))) return undefined;
    const textable = !untextable.has(number.getType()) && !satellite.has(number.countryCallingCode);
    return new PhoneNumber(number.number, number.country, textable);
  }

  /** @param value what was refused: text that is no valid number, or a valid number that cannot receive texts */
  static whyRefused(value: unknown, policy: PhonePolicy): PhoneNumberFault {
    if (value instanceof PhoneNumber) return 'not_a_mobile_number';
    const digits = typeof value === 'string' ? undisguise(value) : undefined;
    if (digits === undefined) return 'not_a_phone_number';
    const fault = validatePhoneNumberLength(digits, policy.defaultRegion);
    if (fault !== undefined) return lengthFaults[fault] ?? 'not_a_phone_number';
    return PhoneNumber.read(digits, { ...policy, countries: undefined }) ? 'country_not_served' : 'not_a_phone_number';
  }
}

export type PhoneNumberFault =
  | 'not_a_phone_number'
  | 'invalid_country_code'
  | 'too_short'
  | 'too_long'
  | 'country_not_served'
  | 'not_a_mobile_number';

const lengthFaults: Readonly<Record<string, PhoneNumberFault>> = {
  INVALID_COUNTRY: 'invalid_country_code',
  TOO_SHORT: 'too_short',
  TOO_LONG: 'too_long',
};

/** E.164 ends at 15 digits; libphonenumber also calls German numbers of 17 valid. */
const longestE164 = 16;

/** A number is 250 characters at most for libphonenumber as well. */
const longest = 250;

/** What people write between digits: spaces, dashes, slashes, dots and brackets, also in their fullwidth forms. */
const between = String.raw`[\p{Zs}\p{Pd}−~∼～\/／.．()（）\[\]［］]`;
/** One plus at most, then digits of any script. No letter and nothing invisible is among them. */
const writtenForm = new RegExp(`^${between}*[+＋]?(${between}|\\p{Nd})+$`, 'u');

/** @returns `+` if there was one and ASCII digits, or undefined if anything stands there that no number is written with */
function undisguise(text: string): string | undefined {
  if (text.length > longest || !writtenForm.test(text)) return undefined;
  const digits = text.match(/\p{Nd}/gu) ?? [];
  if (!digits.every((digit) => asciiDigits.has(digit))) return undefined;
  return (/[+＋]/.test(text) ? '+' : '') + digits.map((digit) => asciiDigits.get(digit)).join('');
}

/** The decimal digits of every numbering system this Node knows (Unicode CLDR), each with its ASCII digit. */
const asciiDigits = new Map<string, string>(
  Intl.supportedValuesOf('numberingSystem').flatMap((numberingSystem) => {
    const format = new Intl.NumberFormat('en', { numberingSystem, useGrouping: false });
    return [...'0123456789'].map((digit): [string, string] => [format.format(Number(digit)), digit]);
  }),
);
