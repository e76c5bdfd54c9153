import { KeyRing } from '../key/key-ring';
import { ClientNaming, dayOf, knownName, namesToForget } from './known-clients';

const ring = (...secrets: string[]) => new ClientNaming(new KeyRing(secrets, 'known-client'));
const [oldKey, newKey] = ['a'.repeat(32), 'b'.repeat(32)];
const [phone, other] = ['+255679190720', '+255679190721'];
const [network, device] = ['203.0.113.7', '0198c2b0-0000-7000-8000-000000000001'];
const today = 20_000;

describe('ClientNaming', () => {
  const naming = ring(oldKey);

  it('names a network and a device by 48 bits of a keyed hash', () => {
    const { networks, devices } = naming.namesOf(phone, network, device);
    expect([networks, devices]).toEqual([
      [expect.stringMatching(/^n[0-9a-f]{12}$/)],
      [expect.stringMatching(/^d[0-9a-f]{12}$/)],
    ]);
    expect(naming.namesOf(phone, network)).toEqual({ networks, devices: [] });
  });

  it.each([
    ['number', ring(oldKey).namesOf(other, network, device)],
    ['key', ring(newKey).namesOf(phone, network, device)],
    ['network and device', naming.namesOf(phone, '203.0.113.8', device.replace(/1$/, '2'))],
  ])('gives others for another %s', (_name, names) => {
    const { networks, devices } = naming.namesOf(phone, network, device);
    expect(names.networks).not.toEqual(networks);
    expect(names.devices).not.toEqual(devices);
  });

  it('gives one id another name as a network than as a device', () => {
    const { networks, devices } = naming.namesOf(phone, network, network);
    expect(networks[0]!.slice(1)).not.toBe(devices[0]!.slice(1));
  });

  it('gives the names of all keys, the newest first', () => {
    const { networks, devices } = ring(newKey, oldKey).namesOf(phone, network, device);
    expect(networks).toEqual([ring(newKey), naming].map((it) => it.namesOf(phone, network).networks[0]));
    expect(devices).toHaveLength(2);
  });
});

describe('knownName', () => {
  it.each([
    ['of today', today, 'n1'],
    ['of 89 days ago', today - 89, 'n1'],
    ['of 90 days ago', today - 90, undefined],
  ])('of one %s', (_name, day, known) => expect(knownName({ n1: day }, ['n1'], today)).toBe(known));

  it('finds a name under an older key', () => expect(knownName({ n2: today }, ['n1', 'n2'], today)).toBe('n2'));
  it.each(['constructor', '__proto__', 'n1'])('finds no %s in an empty list', (name) =>
    expect(knownName({}, [name], today)).toBeUndefined(),
  );
});

describe('namesToForget', () => {
  const many = (kind: string, count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`${kind}${index}`, today - index]));

  it('makes room for one more of 6 networks and 10 devices: the oldest go', () =>
    expect(namesToForget({ ...many('n', 6), ...many('d', 10) }, ['nx', 'dx'], today).sort()).toEqual(['d9', 'n5']));
  it('forgets nothing while there is room', () =>
    expect(namesToForget({ ...many('n', 5), ...many('d', 9) }, ['nx', 'dx'], today)).toEqual([]));
  it('keeps a name that is added once more, however old', () =>
    expect(namesToForget({ n1: today - 80, n2: today }, ['n1'], today)).toEqual([]));
  it('forgets what is too old', () =>
    expect(namesToForget({ n1: today - 90, d1: today - 90 }, [], today)).toEqual(['n1', 'd1']));
  it('does not let networks take the room of devices', () =>
    expect(namesToForget({ ...many('n', 6), d1: today - 80 }, ['nx'], today)).toEqual(['n5']));
});

describe('dayOf', () => {
  it('changes at midnight, UTC', () => {
    expect(dayOf(new Date('2026-06-01T23:59:59.999Z')) + 1).toBe(dayOf(new Date('2026-06-02T00:00:00Z')));
    expect(dayOf(new Date(0))).toBe(0);
  });
});
