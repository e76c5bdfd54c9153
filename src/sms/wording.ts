import type { LanguageWish } from '../client/language-wish';
import { smsLanguages, type SmsLanguage, type SmsWordingSettings } from '../config/sms-settings';
import { sizeOf, type SmsSize } from './alphabet';
import { languageOf } from './language';

/** What a text is for. */
export const smsTemplates = ['sign-in', 'new-number'] as const;
export type SmsTemplate = (typeof smsTemplates)[number];

/** What must be said, with the code as the only digits, so that phones find it; and a caution, where there is room. */
interface Words {
  body: (code: string, app: string) => string;
  caution: string;
}

/** In letters of the GSM 7-bit alphabet wherever a language allows: others leave room for 70 characters instead of 160. */
const words: Readonly<Record<SmsTemplate, Readonly<Record<SmsLanguage, Words>>>> = {
  'sign-in': {
    en: { body: (code, app) => `${code} is your ${app} code.`, caution: 'Do not share it with anyone.' },
    sw: { body: (code, app) => `${code} ni namba yako ya ${app}.`, caution: 'Usimpe mtu yeyote.' },
    fr: { body: (code, app) => `${code} est votre code ${app}.`, caution: 'Ne le donnez à personne.' },
    ar: { body: (code, app) => `${code} رمز الدخول إلى ${app}.`, caution: 'لا تشاركه مع أحد.' },
    pt: { body: (code, app) => `${code} serve para entrar em ${app}.`, caution: 'Nunca o passe a ninguém.' },
  },
  'new-number': {
    en: { body: (code, app) => `${code} confirms your new number at ${app}.`, caution: 'Do not share it with anyone.' },
    sw: { body: (code, app) => `${code} inathibitisha simu yako mpya ya ${app}.`, caution: 'Usimpe mtu yeyote.' },
    fr: { body: (code, app) => `${code} confirme votre nouveau numéro ${app}.`, caution: 'Ne le donnez à personne.' },
    ar: { body: (code, app) => `${code} لتأكيد رقمك الجديد في ${app}.`, caution: 'لا تشاركه مع أحد.' },
    pt: { body: (code, app) => `${code} confirma o seu novo telefone em ${app}.`, caution: 'Nunca o passe a ninguém.' },
  },
};

/** A text with a last line that binds it must be whole when a phone reads it (WICG sms-one-time-codes; Android). */
const mostBytes = 140;

/** Words texts: one segment each, as a second one costs as much again. */
export class Wording {
  constructor(private readonly settings: SmsWordingSettings) {}

  languageFor(wish: LanguageWish, phoneNumber: string): SmsLanguage {
    return languageOf(wish, phoneNumber, this.settings.defaultLocale);
  }

  text(template: SmsTemplate, language: SmsLanguage, code: string): string {
    const { appName } = this.settings;
    const { body, caution } = words[template][language];
    const said = body(code, appName);
    const shorterAndShorter = [`${said} ${caution}`, said, `${code} ${appName}`].map((it) => it + this.lastLine(code));
    return shorterAndShorter.find((it) => this.fits(sizeOf(it))) ?? shorterAndShorter.at(-1)!;
  }

  fits({ segments, bytes }: SmsSize): boolean {
    const { boundDomain, androidHash } = this.settings;
    const isBound = boundDomain !== undefined || androidHash !== undefined;
    return segments === 1 && (!isBound || bytes <= mostBytes);
  }

  /** Every text there is, with how it is sent. */
  samples(code = '123456'): WordingSample[] {
    return smsTemplates.flatMap((template) =>
      smsLanguages.map((language) => {
        const text = this.text(template, language, code);
        const size = sizeOf(text);
        return { template, language, text, ...size, fits: this.fits(size) };
      }),
    );
  }

  private lastLine(code: string): string {
    const { boundDomain, androidHash } = this.settings;
    // Both want the last line; what follows the code there is nobody's but Android's.
    const parts = [boundDomain && `@${boundDomain} #${code}`, androidHash].filter(Boolean);
    return parts.length > 0 ? `\n${parts.join(' ')}` : '';
  }
}

export interface WordingSample extends SmsSize {
  template: SmsTemplate;
  language: SmsLanguage;
  text: string;
  fits: boolean;
}
