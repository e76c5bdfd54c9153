import { Wording } from './wording';

const wording = new Wording({ appName: 'Hodi', defaultLocale: 'en' });

describe('the wording of a code', () => {
  it.each([
    ['en', '123456 is your Hodi code. Do not share it with anyone.'],
    ['sw', '123456 ni namba yako ya Hodi. Usimpe mtu yeyote.'],
  ] as const)('in %s', (language, text) => expect(wording.text('sign-in', language, '123456')).toBe(text));
});
