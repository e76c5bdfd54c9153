import { smsLanguages, type SmsWordingSettings } from './wording-settings';
import { sizeOf } from './alphabet';
import { otpTemplates, Wording } from './wording';

const code = '470492';
const wording = (more: Partial<SmsWordingSettings> = {}) =>
  new Wording({ appName: 'Hodi', defaultLocale: 'en', ...more });
const all = otpTemplates.flatMap((template) => smsLanguages.map((language) => [template, language] as const));
const longest = {
  boundDomain: `${'a'.repeat(50)}.hodi.test`,
  androidHash: 'FA+9qCX9VSu',
  appName: 'Wema Savings and Credit Union',
};

describe('the text of a code', () => {
  it.each([
    ['sign-in', 'en', '470492 is your Hodi code. Do not share it with anyone.'],
    ['sign-in', 'sw', '470492 ni namba yako ya Hodi. Usimpe mtu yeyote.'],
    ['sign-in', 'fr', '470492 est votre code Hodi. Ne le donnez à personne.'],
    ['sign-in', 'ar', '470492 رمز الدخول إلى Hodi. لا تشاركه مع أحد.'],
    ['sign-in', 'pt', '470492 serve para entrar em Hodi. Nunca o passe a ninguém.'],
    ['new-number', 'en', '470492 confirms your new number at Hodi. Do not share it with anyone.'],
    ['new-number', 'sw', '470492 inathibitisha simu yako mpya ya Hodi. Usimpe mtu yeyote.'],
    ['new-number', 'fr', '470492 confirme votre nouveau numéro Hodi. Ne le donnez à personne.'],
    ['new-number', 'ar', '470492 لتأكيد رقمك الجديد في Hodi. لا تشاركه مع أحد.'],
    ['new-number', 'pt', '470492 confirma o seu novo telefone em Hodi. Nunca o passe a ninguém.'],
  ] as const)('for %s in %s', (template, language, text) =>
    expect(wording().text(template, language, code)).toBe(text),
  );

  it.each(all)(
    'for %s in %s is in the alphabet with more room, wherever that has the letters',
    (template, language) => {
      const { alphabet } = sizeOf(wording().text(template, language, code));
      expect(alphabet).toBe(language === 'ar' ? 'UCS-2' : 'GSM-7');
    },
  );

  it.each(all)('for %s in %s is bound to a website by its last line', (template, language) => {
    const text = wording({ boundDomain: 'app.hodi.test' }).text(template, language, code);
    // The algorithm of WICG sms-one-time-codes: what stands behind the last line feed, from its first character on.
    const lastLine = text.slice(text.lastIndexOf('\n') + 1);
    expect(lastLine).toBe('@app.hodi.test #470492');
    expect(text.slice(0, text.lastIndexOf('\n')).match(/\d+/g)).toEqual([code]);
  });

  it.each(all)('for %s in %s ends with the app’s hash, which leaves the binding as it is', (template, language) => {
    const both = wording({ boundDomain: 'app.hodi.test', androidHash: 'FA+9qCX9VSu' }).text(template, language, code);
    expect(both.split('\n').at(-1)).toBe('@app.hodi.test #470492 FA+9qCX9VSu');
    // Chromium's own parser.
    const chromium = /(?:^|\s)@([a-zA-Z0-9.-]+) #([^#\s]+)(?: @([a-zA-Z0-9.-]+))?/.exec(both);
    expect(chromium?.slice(1)).toEqual(['app.hodi.test', code, undefined]);
    const alone = wording({ androidHash: 'FA+9qCX9VSu' }).text(template, language, code);
    expect(alone.split('\n').at(-1)).toBe('FA+9qCX9VSu');
  });

  it.each(all)('for %s in %s is one segment of at most 140 bytes, however long names are', (template, language) => {
    for (const more of [{}, { boundDomain: 'app.hodi.test' }, longest]) {
      const size = sizeOf(wording(more).text(template, language, code));
      expect(size.segments).toBe(1);
      if ('boundDomain' in more) expect(size.bytes).toBeLessThanOrEqual(140);
    }
  });

  it('leaves the caution out where there is no room, and then all but the code and the name', () => {
    const bound = (boundDomain: string) => wording({ boundDomain }).text('sign-in', 'ar', code);
    expect(bound('app.hodi.test')).toBe('470492 رمز الدخول إلى Hodi. لا تشاركه مع أحد.\n@app.hodi.test #470492');
    expect(bound('signin.hodi-sacco.test')).toBe('470492 رمز الدخول إلى Hodi.\n@signin.hodi-sacco.test #470492');
    expect(wording(longest).text('sign-in', 'ar', code)).toBe(
      `470492 ${longest.appName}\n@${longest.boundDomain} #470492 FA+9qCX9VSu`,
    );
  });

  it('of a name without Latin letters and a long domain does not fit, and is said not to', () => {
    const samples = wording({ ...longest, appName: 'هودي' })
      .samples()
      .filter(({ template }) => template !== 'phone-changed');
    expect(samples.map(({ fits }) => fits)).toEqual(samples.map(() => false));
    const every = wording().samples();
    expect(every.map(({ fits }) => fits)).toEqual(every.map(() => true));
  });

  it('that is bound may be one segment and still too long in bytes', () => {
    const text = `${'é'.repeat(71)}`;
    expect(sizeOf(text)).toMatchObject({ segments: 1, bytes: 142 });
    expect(wording({ boundDomain: 'app.hodi.test' }).fits(sizeOf(text))).toBe(false);
    expect(wording().fits(sizeOf(text))).toBe(true);
  });
});

describe('the text to the former number', () => {
  const undo = 'BCDF-GHJK-LMNP';

  it.each([
    ['en', 'Your Hodi number was changed. Was it not you? Undo it in the app with BCDF-GHJK-LMNP, within 72 hours.'],
    ['sw', 'Namba yako ya Hodi imebadilishwa. Si wewe? Irudishe kwenye programu kwa BCDF-GHJK-LMNP, ndani ya saa 72.'],
    [
      'fr',
      "Votre numéro Hodi a été changé. Pas vous ? Annulez dans l'application avec BCDF-GHJK-LMNP, sous 72 heures.",
    ],
    ['ar', 'تغيّر رقمك في Hodi. لست أنت؟ استعده خلال 72 ساعة: BCDF-GHJK-LMNP'],
    ['pt', 'O seu telefone em Hodi mudou. Foi outra pessoa? Anule na app com BCDF-GHJK-LMNP, em 72 horas.'],
  ] as const)('in %s', (language, text) => expect(wording().text('phone-changed', language, undo)).toBe(text));

  it.each(smsLanguages)('in %s is bound to no website and no app', (language) => {
    const bound = wording({ boundDomain: 'app.hodi.test', androidHash: 'FA+9qCX9VSu' });
    expect(bound.text('phone-changed', language, undo)).toBe(wording().text('phone-changed', language, undo));
  });

  it.each(smsLanguages)('in %s is one segment with its code, however long the name is', (language) => {
    for (const appName of ['Hodi', 'W'.repeat(30), 'هودي', 'ه'.repeat(30)]) {
      const text = wording({ appName }).text('phone-changed', language, undo);
      expect(sizeOf(text)).toMatchObject({
        segments: 1,
        alphabet: /[ه]/.test(text) || language === 'ar' ? 'UCS-2' : 'GSM-7',
      });
      expect(text).toContain(undo);
    }
  });
});
