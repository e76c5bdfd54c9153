import type { LanguageWish } from '../client/language-wish';
import { sizeOf, type SmsSize } from './alphabet';
import { languageOf } from './language';
import { smsLanguages, type SmsLanguage, type SmsWordingSettings } from './wording-settings';

/** What a text with a code for the app is for. */
export const otpTemplates = ['sign-in', 'new-number'] as const;
/** What a text is for. */
export const smsTemplates = [...otpTemplates, 'phone-changed'] as const;
export type SmsTemplate = (typeof smsTemplates)[number];
type OtpTemplate = (typeof otpTemplates)[number];

/** What must be said, with the code as the only digits, so that phones find it; and a caution, where there is room. */
interface Words {
  body: (code: string, app: string) => string;
  caution: string;
}

/** In letters of the GSM 7-bit alphabet wherever a language allows: others leave room for 70 characters instead of 160. */
const words: Readonly<Record<OtpTemplate, Readonly<Record<SmsLanguage, Words>>>> = {
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

/** What the former number of an account reads, from the longest form to the shortest. */
const changed: Readonly<Record<SmsLanguage, (code: string, app: string) => string[]>> = {
  en: (code, app) => [
    `Your ${app} number was changed. Was it not you? Undo it in the app with ${code}, within 72 hours.`,
    `Your ${app} number was changed. Undo: ${code}`,
    `Number changed. Undo: ${code} ${app}`,
  ],
  sw: (code, app) => [
    `Namba yako ya ${app} imebadilishwa. Si wewe? Irudishe kwenye programu kwa ${code}, ndani ya saa 72.`,
    `Namba ya ${app} imebadilishwa. Irudishe: ${code}`,
    `Rudisha namba: ${code} ${app}`,
  ],
  fr: (code, app) => [
    `Votre numéro ${app} a été changé. Pas vous ? Annulez dans l'application avec ${code}, sous 72 heures.`,
    `Votre numéro ${app} a été changé. Annuler : ${code}`,
    `Numéro changé. Annuler : ${code} ${app}`,
  ],
  ar: (code, app) => [
    `تغيّر رقمك في ${app}. لست أنت؟ استعده خلال 72 ساعة: ${code}`,
    `تغيّر رقمك في ${app}. لاستعادته: ${code}`,
    `لاستعادة رقمك: ${code} ${app}`,
  ],
  pt: (code, app) => [
    `O seu telefone em ${app} mudou. Foi outra pessoa? Anule na app com ${code}, em 72 horas.`,
    `O seu telefone em ${app} mudou. Anular: ${code}`,
    `Telefone mudado. Anular: ${code} ${app}`,
  ],
};

/** A text with a last line that binds it must be whole when a phone reads it (WICG sms-one-time-codes; Android). */
const maxBytes = 140;

const sampleUndoCode = 'BCDF-GHJK-LMNP';

/** Words texts: one segment each, as a second one costs as much again. */
export class Wording {
  constructor(private readonly settings: SmsWordingSettings) {}

  languageFor(wish: LanguageWish, phoneNumber: string): SmsLanguage {
    return languageOf(wish, phoneNumber, this.settings.defaultLocale);
  }

  text(template: SmsTemplate, language: SmsLanguage, code: string): string {
    const shorterAndShorter = this.forms(template, language, code);
    return shorterAndShorter.find((it) => this.fits(sizeOf(it), template)) ?? shorterAndShorter.at(-1)!;
  }

  fits({ segments, bytes }: SmsSize, template: SmsTemplate = 'sign-in'): boolean {
    const { boundDomain, androidHash } = this.settings;
    const isBound = template !== 'phone-changed' && (boundDomain !== undefined || androidHash !== undefined);
    return segments === 1 && (!isBound || bytes <= maxBytes);
  }

  /** Every text there is, with how it is sent. */
  samples(code = '123456'): WordingSample[] {
    return smsTemplates.flatMap((template) =>
      smsLanguages.map((language) => {
        const text = this.text(template, language, template === 'phone-changed' ? sampleUndoCode : code);
        const size = sizeOf(text);
        return { template, language, text, ...size, fits: this.fits(size, template) };
      }),
    );
  }

  private forms(template: SmsTemplate, language: SmsLanguage, code: string): string[] {
    const { appName } = this.settings;
    // A phone must not offer this code to a website or an app that asks for a sign-in.
    if (template === 'phone-changed') return changed[language](code, appName);
    const { body, caution } = words[template][language];
    const said = body(code, appName);
    return [`${said} ${caution}`, said, `${code} ${appName}`].map((it) => it + this.lastLine(code));
  }

  private lastLine(code: string): string {
    const { boundDomain, androidHash } = this.settings;
    // Both want the last line; what follows the code there is read by Android alone.
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
