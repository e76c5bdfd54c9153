/** What a text says, by language (BCP 47 primary subtag). One group of digits each, so that phones find the code. */
const otpWording: Readonly<Record<string, (code: string) => string>> = {
  en: (code) => `${code} is your Hodi code. Do not share it with anyone.`,
  sw: (code) => `${code} ni namba yako ya Hodi. Usimpe mtu yeyote.`,
};

export const defaultLocale = 'en';

/** @param locale BCP 47; a language without wording is written to in the default one */
export function wordOtp(locale: string, code: string): string {
  const language = locale.split('-')[0]?.toLowerCase() ?? '';
  const word = Object.hasOwn(otpWording, language) ? otpWording[language] : otpWording[defaultLocale];
  return word!(code);
}
