import { isSupportedCountry, type CountryCode } from 'libphonenumber-js/max';
import { z } from 'zod';
import { list, type Values } from '../variable/variable-kinds';
import { lineTypes, type LineType } from './phone-number';

const country = z
  .string()
  .refine(isSupportedCountry, 'must be a two-letter country code that libphonenumber knows, such as TZ');

export const phoneVariables = {
  PHONE_DEFAULT_REGION: country.optional(),
  PHONE_COUNTRIES: list.pipe(z.array(country).min(1, 'names no country')).optional(),
  SMS_LINE_TYPES: list
    .pipe(z.array(z.enum(lineTypes, `must be out of: ${lineTypes.join(', ')}`)).min(1, 'names no type'))
    .default([...lineTypes]),
};

/** Which phone numbers are taken, and how they are read. */
export class PhoneSettings {
  /** Of numbers without a country code. */
  readonly phoneDefaultRegion?: CountryCode;
  /** All, if absent. */
  readonly phoneCountries?: CountryCode[];

  /** Kinds of lines that texts are sent to. */
  readonly lineTypes: readonly LineType[];

  constructor({ PHONE_DEFAULT_REGION, PHONE_COUNTRIES, SMS_LINE_TYPES }: Values<typeof phoneVariables>) {
    this.phoneDefaultRegion = PHONE_DEFAULT_REGION;
    this.phoneCountries = PHONE_COUNTRIES;
    this.lineTypes = SMS_LINE_TYPES;
  }
}
