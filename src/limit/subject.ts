/** Whom a limit is for: the number that a code is asked for or guessed, and where the client is. */
export interface Subject {
  /** E.164. */
  phoneNumber: string;
  /** ISO 3166-1 alpha-2; absent for numbers of no country. */
  country?: string;
  /** As `countedNetwork` returns it. */
  network: string;
  /** Whether this device has signed in to this number before. */
  isKnownDevice: boolean;
}

/** @returns the country and all digits but the last 6 of a number, such as `TZ:+255679`: 1,000,000 numbers at most */
export function prefixOf({ phoneNumber, country }: Pick<Subject, 'phoneNumber' | 'country'>): string {
  return `${country ?? '-'}:${phoneNumber.slice(0, -6)}`;
}
