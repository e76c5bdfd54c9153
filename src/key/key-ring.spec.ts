import { KeyRing } from './key-ring';

describe('a key ring', () => {
  it('has other keys for another purpose, and ids that tell nothing of them', () => {
    const [one, other] = [new KeyRing(['secret'], 'otp').newest, new KeyRing(['secret'], 'refresh-token').newest];
    expect(one.key.equals(other.key)).toBe(false);
    expect(one.key.export().toString('hex').startsWith(one.id)).toBe(false);
  });

  it('makes by its first key, and finds them all', () => {
    const ring = new KeyRing(['new secret', 'old secret'], 'otp');
    const old = new KeyRing(['old secret'], 'otp').newest;
    expect(ring.newest.id).toBe(new KeyRing(['new secret'], 'otp').newest.id);
    expect(ring.find(old.id)?.key.equals(old.key)).toBe(true);
    expect(ring.find('0000000000000000')).toBeUndefined();
  });
});
