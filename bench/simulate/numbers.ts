import type { Random } from './random';

/** Beginnings of mobile numbers in Tanzania, for numbers of 12 digits. */
const beginnings = ['+25567', '+25568', '+25571', '+25574', '+25575', '+25576', '+25578'];

/** @returns a mobile number at random */
export const anyNumber = (random: Random) => `${random.pick(beginnings)}${digits(random.below(10_000_000), 7)}`;

/** @returns one of the million numbers with that beginning, in a scattered order without repeats */
export const scattered = (prefix: string, count: number) => `${prefix}${digits((count * 387_420_489) % 1_000_000, 6)}`;

/** @returns as many decimal digits, zeros in front */
export const digits = (number: number, length: number) => String(number).padStart(length, '0');

/** @returns addresses of a test network (RFC 2544), at most 65,536 */
export const addressesOf = (count: number) => Array.from({ length: count }, (_, at) => `198.19.${at >> 8}.${at & 255}`);

/** @returns a network of IPv6 that is another one for each `count` */
export const networkOf = (count: number) =>
  `2001:db8:${(count >> 16).toString(16)}:${(count & 0xffff).toString(16)}::1`;
