import { z } from 'zod';

/** Any text. */
export const given = z.string();

/** Goes into a header. */
export const credential = given.regex(/^[\x21-\x7e]+$/, 'holds white space or characters that are not ASCII');

/** A phone number, a short code, or a name of at most 11 characters (3GPP TS 23.040 section 9.1.2.5). */
export const sender = given.regex(
  /^(\+?\d{3,15}|(?=.*[A-Za-z])[\w &.-]{1,11})$/,
  'must be a number, or a name of at most 11 letters and digits',
);
