import { z } from 'zod';

/** Comma-separated items, without the spaces around them and without empty ones. */
export const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

/** A whole number in decimal digits, both ends included. */
export function wholeNumber(least: number, most: number) {
  const message = `must be a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,10}$/, message)
    .transform(Number)
    .refine((number) => number >= least && number <= most, message);
}

const isLocal = ({ hostname }: URL) => ['localhost', '127.0.0.1', '[::1]'].includes(hostname);

/** Codes and keys go there: encrypted, unless they never leave the machine. */
export const httpsUrl = z.string().refine(
  (text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    return url !== undefined && (url.protocol === 'https:' || (url.protocol === 'http:' && isLocal(url)));
  },
  { error: 'must be an https:// address', abort: true },
);

/** What the variables of a feature are read as, by their names. */
export type Values<Variables extends z.ZodRawShape> = z.output<z.ZodObject<Variables>>;

/** Variables as they stand in the environment; an empty one is left out. */
export type GivenVariables = Readonly<Record<string, string | undefined>>;
