import Negotiator from 'negotiator';
import type { LanguageWish } from '../client/language-wish';
import { PhoneNumber } from '../phone/phone-number';
import { smsLanguages, type SmsLanguage } from './wording-settings';

/** The language asked for, else the browser's, else the country's, else the given one: the first that there is wording in. */
export function languageOf(wish: LanguageWish, phoneNumber: string, otherwise: SmsLanguage): SmsLanguage {
  return spoken(wish.locale) ?? accepted(wish.acceptLanguage) ?? ofCountry(phoneNumber) ?? otherwise;
}

/** By the language alone, as BCP 47 (`pt-BR`), POSIX (`pt_BR.UTF-8`) and Java (`pt_BR`) write it; anything else is none. */
function spoken(locale: string | undefined): SmsLanguage | undefined {
  const language = locale?.split(/[-_.@]/, 1)[0]?.toLowerCase();
  return smsLanguages.find((it) => it === language);
}

/** `*` is no wish: the country knows better. */
function accepted(header: string | undefined): SmsLanguage | undefined {
  const named = header?.split(',').filter((range) => !range.trim().startsWith('*'));
  if (!named?.length) return undefined;
  return new Negotiator({ headers: { 'accept-language': named.join(',').replaceAll('_', '-') } }).language([
    ...smsLanguages,
  ]) as SmsLanguage | undefined;
}

/** French is what these write in, and not what Unicode CLDR calls their likeliest language. */
const frenchWriting = new Set(['BI', 'CF', 'HT', 'MG', 'ML', 'NE', 'SN']);

/** By the likely subtags of Unicode CLDR (UTS 35), which come with Node. */
function ofCountry(phoneNumber: string): SmsLanguage | undefined {
  const country = PhoneNumber.read(phoneNumber, {})?.country;
  if (country === undefined) return undefined;
  return frenchWriting.has(country) ? 'fr' : spoken(new Intl.Locale('und', { region: country }).maximize().language);
}
