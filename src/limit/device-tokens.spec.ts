import { v7 as uuidv7 } from 'uuid';
import { KeyRing } from '../key/key-ring';
import { DeviceTokens } from './device-tokens';

const [oldKey, newKey] = ['a'.repeat(32), 'b'.repeat(32)];
const tokens = (...secrets: string[]) => new DeviceTokens(new KeyRing(secrets, 'device-token'));
const ours = tokens(oldKey);
const session = uuidv7();
const token = ours.of(session);
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

describe('a device token', () => {
  it('is 43 characters, the same for the same session, and says which it is', () => {
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(ours.of(session)).toBe(token);
    expect(ours.read(token)).toBe(session);
    expect(ours.of(uuidv7())).not.toBe(token);
  });

  it('is none with any other character in any place', () => {
    for (let place = 0; place < 43; place += 1)
      for (const letter of letters.replace(token[place]!, ''))
        expect(ours.read(`${token.slice(0, place)}${letter}${token.slice(place + 1)}`)).toBeUndefined();
  });

  it.each([
    ['empty', ''],
    ['cut', token.slice(0, 42)],
    ['longer', `${token}A`],
    ['padded', `${token}=`],
    ['followed by a line break', `${token}\n`],
    ['twice, as headers are joined', `${token}, ${token}`],
    ['in base64', Buffer.from(token, 'base64url').toString('base64').slice(0, 43).replace(/^./, '+')],
    ['in fullwidth letters', `Ａ${token.slice(1)}`],
    ['of zeros', 'A'.repeat(43)],
    ['a session alone', Buffer.from(session.replaceAll('-', ''), 'hex').toString('base64url')],
    ['very long', 'A'.repeat(100_000)],
    ['of another service', tokens(newKey).of(session)],
    ['made for another purpose', new DeviceTokens(new KeyRing([oldKey], 'refresh-token')).of(session)],
  ])('is none if it is %s', (_name, text) => expect(ours.read(text)).toBeUndefined());

  it('is good under a former key, until that leaves the ring', () => {
    const both = tokens(newKey, oldKey);
    expect(both.read(token)).toBe(session);
    expect(both.of(session)).toBe(tokens(newKey).of(session));
    expect(tokens(newKey).read(token)).toBeUndefined();
  });
});
