import { wordOtp } from './wording';

describe('the wording of a code', () => {
  it.each([
    ['en', '123456 is your Hodi code. Do not share it with anyone.'],
    ['sw', '123456 ni namba yako ya Hodi. Usimpe mtu yeyote.'],
    ['SW-tz', '123456 ni namba yako ya Hodi. Usimpe mtu yeyote.'],
    ['xx', '123456 is your Hodi code. Do not share it with anyone.'],
    ['constructor', '123456 is your Hodi code. Do not share it with anyone.'],
  ])('in %s', (locale, text) => expect(wordOtp(locale, '123456')).toBe(text));
});
