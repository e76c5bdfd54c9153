import { isSupportedCountry } from 'libphonenumber-js/max';
import { isIP, isIPv6 } from 'node:net';
import { z } from 'zod';
import { list, wholeNumber, type Values } from '../variable/variable-kinds';
import { modes, type Mode } from './finding';

const mode = z.enum(modes, `must be out of: ${modes.join(', ')}`).default('enforce');
const count = (usual: number) => wholeNumber(1, 1_000_000).default(usual);
const percent = (usual: number) => wholeNumber(1, 100).default(usual);

const prefixes = list
  .refine((items) => items.every((it) => /^\+[1-9]\d{0,14}$/.test(it)), 'must be beginnings of numbers, such as +25567')
  .default([]);

/** Clients with IPv6 are counted by /64, so no smaller network can be told apart. */
function isNetwork(text: string): boolean {
  const [, network = '', length = ''] = /^([^/%]+)\/([1-9]\d{0,2})$/.exec(text) ?? [];
  return isIP(network) !== 0 && Number(length) <= (isIPv6(network) ? 64 : 32);
}

const networks = list
  .refine((items) => items.every(isNetwork), 'must be CIDRs, those of IPv6 of /64 or larger, such as 203.0.113.0/24')
  .default([]);

/** Amounts by country in decimal digits, with 6 of them behind the point at most; without a country in all. */
function amounts(pattern: RegExp, message: string) {
  return list.transform((entries, context): ReadonlyMap<string, number> => {
    const found = new Map<string, number>();
    for (const entry of entries) {
      const [, place = '', amount = ''] = pattern.exec(entry) ?? [];
      const [country = ''] = place.split('/');
      if (amount === '' || found.has(place) || !(country === '' || country === '*' || isSupportedCountry(country))) {
        context.addIssue({ code: 'custom', message });
        return z.NEVER;
      }
      found.set(place, Number(amount));
    }
    return found;
  });
}

const noAmounts = new Map<string, number>();

/** Prices by transport, too: the room of texts, which knows their names, is not below this one. */
const prices = amounts(
  /^((?:[A-Z]{2}|\*)(?:\/[a-z]+)?):(\d{1,9}(?:\.\d{1,6})?)$/,
  'must be prices of a text by country, perhaps by transport, each once, such as TZ:0.02,TZ/twilio:0.05,*:0.06',
);

export const limitVariables = {
  ADDRESS_WRONG_CODES: wholeNumber(0, 1_000_000).default(20),
  ADDRESS_TEXTS: wholeNumber(0, 1_000_000).default(10),
  ALARM_SPRAY: mode,
  ALARM_SPRAY_VERIFIES: count(200),
  ALARM_SPRAY_PERCENT: percent(20),
  ALARM_SPRAY_DAILY_FAILURES: count(1_000),
  ALARM_SPRAY_DAILY_PERCENT: percent(8),
  ALARM_TOLL: mode,
  ALARM_TOLL_TEXTS: count(50),
  ALARM_TOLL_PERCENT: percent(35),
  ALARM_TOLL_STOP_TEXTS: count(100),
  ALARM_TOLL_STOP_PERCENT: percent(10),
  ALARM_TOLL_NEIGHBOURS: count(20),
  SMS_DAILY_TEXTS: amounts(
    /^(?:([A-Z]{2}):)?(\d{1,9})$/,
    'must be numbers of texts, in all or by country, each once, such as 5000,TZ:2000',
  ).default(noAmounts),
  SMS_DAILY_MONEY: amounts(
    /^(?:([A-Z]{2}):)?(\d{1,9}(?:\.\d{1,6})?)$/,
    'must be amounts of money, in all or by country, each once, such as 100,TZ:40',
  ).default(noAmounts),
  SMS_PRICES: prices.default(noAmounts),
  DENIED_PREFIXES: prefixes,
  ALLOWED_PREFIXES: prefixes,
  DENIED_NETWORKS: networks,
  ALLOWED_NETWORKS: networks,
};

type LimitValues = Values<typeof limitVariables>;

/** What an operator decides about limits by address, by prefix and for the whole service. */
export class LimitSettings {
  /** Wrong codes of one address in an hour; 0 for no limit. */
  readonly addressWrongCodes: number;
  /** Texts of one address in an hour that no sign-in followed; 0 for no limit. */
  readonly addressTexts: number;
  readonly spray: Mode;
  /** Of 5 minutes, and the share of wrong ones among them that raises the alarm. */
  readonly sprayVerifies: number;
  readonly sprayPercent: number;
  /** Of 24 hours, and the share that they must be above. */
  readonly sprayDailyFailures: number;
  readonly sprayDailyPercent: number;
  readonly toll: Mode;
  /** Texts of an hour to a country or prefix; with so few followed by a sign-in a challenge is needed. */
  readonly tollTexts: number;
  readonly tollPercent: number;
  /** The same for the stop of a prefix. */
  readonly tollStopTexts: number;
  readonly tollStopPercent: number;
  /** Numbers in 10 minutes that are equal but for the last 3 digits. */
  readonly tollNeighbours: number;
  /** Texts in 24 hours by country; '' for all countries together. */
  readonly dailyTexts: ReadonlyMap<string, number>;
  /** Money in 24 hours, in the unit of the prices; by country as above. */
  readonly dailyMoney: ReadonlyMap<string, number>;
  /** By `TZ/twilio`, `TZ`, `*\/twilio` or `*`. */
  readonly prices: ReadonlyMap<string, number>;
  /** Beginnings of numbers in E.164. */
  readonly deniedPrefixes: readonly string[];
  readonly allowedPrefixes: readonly string[];
  /** CIDRs. */
  readonly deniedNetworks: readonly string[];
  readonly allowedNetworks: readonly string[];

  constructor(values: LimitValues) {
    this.addressWrongCodes = values.ADDRESS_WRONG_CODES;
    this.addressTexts = values.ADDRESS_TEXTS;
    this.spray = values.ALARM_SPRAY;
    this.sprayVerifies = values.ALARM_SPRAY_VERIFIES;
    this.sprayPercent = values.ALARM_SPRAY_PERCENT;
    this.sprayDailyFailures = values.ALARM_SPRAY_DAILY_FAILURES;
    this.sprayDailyPercent = values.ALARM_SPRAY_DAILY_PERCENT;
    this.toll = values.ALARM_TOLL;
    this.tollTexts = values.ALARM_TOLL_TEXTS;
    this.tollPercent = values.ALARM_TOLL_PERCENT;
    this.tollStopTexts = values.ALARM_TOLL_STOP_TEXTS;
    this.tollStopPercent = values.ALARM_TOLL_STOP_PERCENT;
    this.tollNeighbours = values.ALARM_TOLL_NEIGHBOURS;
    this.dailyTexts = values.SMS_DAILY_TEXTS;
    this.dailyMoney = values.SMS_DAILY_MONEY;
    this.prices = values.SMS_PRICES;
    this.deniedPrefixes = values.DENIED_PREFIXES;
    this.allowedPrefixes = values.ALLOWED_PREFIXES;
    this.deniedNetworks = values.DENIED_NETWORKS;
    this.allowedNetworks = values.ALLOWED_NETWORKS;
  }
}

/** @returns the faults that no variable has alone, one line each */
export function limitFaults({ SMS_DAILY_MONEY, SMS_PRICES }: LimitValues): string[] {
  if (SMS_DAILY_MONEY.size === 0 || SMS_PRICES.has('*')) return [];
  return ['SMS_PRICES: needs a price for all other countries, such as *:0.06, as SMS_DAILY_MONEY is set'];
}
