import { addressOf, parseAddress, TrustedProxies } from './client-address';

describe('an address', () => {
  it.each([
    ['203.0.113.8', '203.0.113.8'],
    [' 203.0.113.8 ', '203.0.113.8'],
    ['203.0.113.8:4711', '203.0.113.8'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:0db8::0001', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['[fe80::1%25eth0]:1', 'fe80::1'],
    ['::ffff:203.0.113.8', '203.0.113.8'],
    ['::FFFF:cb00:7108', '203.0.113.8'],
    ['[::ffff:203.0.113.8]:80', '203.0.113.8'],
    ['0:0:0:0:0:ffff:203.0.113.8', '203.0.113.8'],
    ['::ffff:203.0.113.8%eth0', '203.0.113.8'],
    ['::1', '::1'],
  ])('%j is %s', (text, address) => expect(parseAddress(text)).toBe(address));

  it.each([
    '',
    ' ',
    'unknown',
    '_hidden',
    'unix:',
    '010.1.2.3',
    '0x7f.0.0.1',
    '127.1',
    '2130706433',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '1.2.3.4:',
    '1.2.3.4:port',
    '1.2.3.4:123456',
    '::ffff:010.1.2.3',
    '[::1',
    '::1]',
    '[::1]:',
    '[]',
    '::g',
    '1::2::3',
    '1.2.3.4/24',
    '1.2.3.4 5.6.7.8',
    '"[2001:db8::1]"',
    'for=1.2.3.4',
  ])('is not %j', (text) => expect(parseAddress(text)).toBeUndefined());
});

describe('a trusted proxy', () => {
  it.each([
    ['10.0.0.0/8', '10.9.9.9'],
    ['10.1.2.3/8', '10.9.9.9'],
    ['::1/128', '::1'],
    ['2001:db8::/32', '2001:db8:ffff::1'],
    ['::ffff:10.0.0.0/104', '10.9.9.9'],
  ])('of %s is %s', (cidr, address) => expect(new TrustedProxies([cidr]).trusts(address)).toBe(true));

  it.each([
    ['10.0.0.0/8', '11.0.0.1'],
    ['10.0.0.0/8', '::a00:1'],
    ['2001:db8::/32', '2001:db9::1'],
  ])('of %s is not %s', (cidr, address) => expect(new TrustedProxies([cidr]).trusts(address)).toBe(false));
});

describe("a caller's address", () => {
  const proxies = new TrustedProxies(['10.0.0.0/8', '::1/128']);

  it.each([
    ['the peer where nothing is forwarded', '192.0.2.1', undefined, '192.0.2.1'],
    ['the peer that is no proxy, whatever it forwards', '192.0.2.1', '203.0.113.1', '192.0.2.1'],
    ['what the proxy saw', '10.0.0.1', '6.6.6.6, 203.0.113.1', '203.0.113.1'],
    ['what the first of our proxies saw', '::1', '6.6.6.6, 203.0.113.1, 10.0.0.2:443,10.0.0.3', '203.0.113.1'],
    ['a mapped peer in its IPv4 form', '::ffff:192.0.2.1', undefined, '192.0.2.1'],
    ['what a mapped proxy saw', '::ffff:10.0.0.1', '203.0.113.1:80', '203.0.113.1'],
    ['a proxy where all are proxies', '10.0.0.1', '10.0.0.2, 10.0.0.3', '10.0.0.2'],
  ])('is %s', (_what, peer, forwarded, address) =>
    expect(addressOf(peer, forwarded, proxies)).toEqual({ own: address, nearest: address }),
  );

  it.each([
    ['the first of our proxies named nothing', '::1', '6.6.6.6, , 10.0.0.2', '10.0.0.2'],
    ['the proxy named something else', '10.0.0.1', '6.6.6.6, 010.1.2.3', '10.0.0.1'],
    ['the header is empty', '10.0.0.1', ' ', '10.0.0.1'],
    ['the connection is gone', undefined, '203.0.113.1', ''],
  ])('is unknown where %s, and counted as what is known', (_what, peer, forwarded, nearest) =>
    expect(addressOf(peer, forwarded, proxies)).toEqual({ own: '', nearest }),
  );
});
