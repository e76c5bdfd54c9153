import {
  parsePhoneNumberFromString,
  validatePhoneNumberLength,
  type CountryCode,
  type NumberType,
} from 'libphonenumber-js/max';
import { withAsciiDigits } from './ascii-digits';

export interface PhonePolicy {
  /** Region of numbers typed without a country code; without it such numbers are refused. */
  defaultRegion?: CountryCode;
  /** Countries served; all, if absent. */
  countries?: readonly CountryCode[];
  /** Kinds of lines that texts are sent to; all that can receive them at an ordinary price, if absent. */
  lineTypes?: readonly LineType[];
}

/** Kinds of lines that a text can be sent to, by libphonenumber. In some countries mobile numbers look like those of fixed lines. */
export const lineTypes = ['mobile', 'fixed_line_or_mobile', 'fixed_line', 'voip'] as const;
export type LineType = (typeof lineTypes)[number];

/** Types that cannot receive a text message, or only at a high price for the sender. */
const untextable = new Set<NumberType>([
  'PREMIUM_RATE',
  'TOLL_FREE',
  'SHARED_COST',
  'PERSONAL_NUMBER',
  'UAN',
  'PAGER',
  'VOICEMAIL',
]);

/**
 * Satellites, international networks and personal numbers that libphonenumber calls mobile or voice over IP: calling
 * codes above the countries (ITU-T E.164, list of assigned codes), and the national ranges of satellites in Australia
 * (ACMA numbering plan, 0147) and Canada (CNA, 600).
 */
const untextablePrefixes = /^\+(870|878|881|882|883|888|61147|1600)/;

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

  /**
   * Reads a number as people write it, in international form or in that of the policy's region.
   * @param text with digits of any script and the signs that people write between them; letters make it no number
   * @returns undefined if it is no valid number by libphonenumber's full metadata, or not one of the policy's countries
   */
  static read(text: string, policy: PhonePolicy): PhoneNumber | undefined {
    const digits = undisguise(text);
    if (digits === undefined) return undefined;
    const number = parsePhoneNumberFromString(digits, { defaultCountry: policy.defaultRegion, extract: false });
    if (!number?.isValid() || number.number.length > longestE164) return undefined;
    if (policy.countries && (!number.country || !policy.countries.includes(number.country))) return undefined;
    const type = number.getType();
    const accepted = policy.lineTypes?.some((lineType) => lineType.toUpperCase() === type) ?? true;
    const textable = accepted && !untextable.has(type) && !untextablePrefixes.test(number.number);
    return new PhoneNumber(number.number, number.country, textable);
  }

  /**
   * The reason for a refusal, for clients that say it in words of their own.
   * @param value what was refused: text that is no valid number, or a valid number that cannot receive texts
   */
  static whyRefused(value: unknown, policy: PhonePolicy): PhoneNumberFault {
    if (value instanceof PhoneNumber) return 'not_a_mobile_number';
    const digits = typeof value === 'string' ? undisguise(value) : undefined;
    if (digits === undefined) return 'not_a_phone_number';
    const fault = validatePhoneNumberLength(digits, policy.defaultRegion);
    if (fault !== undefined) return lengthFaults[fault] ?? 'not_a_phone_number';
    return PhoneNumber.read(digits, { ...policy, countries: undefined }) ? 'country_not_served' : 'not_a_phone_number';
  }
}

/** Clients rely on these words: see `docs/problems.md`. */
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
/** One plus at most, then digits. No letter and nothing invisible is among them. */
const writtenForm = new RegExp(`^${between}*[+＋]?(${between}|[0-9])+$`, 'u');

/** Unicode's marks, embeddings, overrides and isolates of direction, which come along when a number is copied; spaces between them, too. */
const directionMarks = String.raw`[\u200e\u200f\u202a-\u202e\u2066-\u2069\p{Zs}]+`;
const directionMarksAround = new RegExp(`^${directionMarks}|${directionMarks}$`, 'gu');

/** @returns `+` if there was one and ASCII digits, or undefined if anything stands there that no number is written with */
function undisguise(text: string): string | undefined {
  if (text.length > longest) return undefined;
  const number = withAsciiDigits(text.replace(directionMarksAround, ''));
  if (!writtenForm.test(number)) return undefined;
  return number.replace(/[^+＋0-9]/g, '').replace('＋', '+');
}
