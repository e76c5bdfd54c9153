import { BlockList, isIPv6 } from 'node:net';
import type { Finding } from './finding';
import type { LimitSettings } from './limit-settings';
import type { Subject } from './subject';

type Settings = Pick<LimitSettings, 'deniedPrefixes' | 'allowedPrefixes' | 'deniedNetworks' | 'allowedNetworks'>;

/** Numbers and networks that the operator refuses, or lets pass limits and alarms. What is on both lists is refused. */
export class OperatorLists {
  private readonly denied: BlockList;
  private readonly allowed: BlockList;

  constructor(private readonly settings: Settings) {
    this.denied = networksOf(settings.deniedNetworks);
    this.allowed = networksOf(settings.allowedNetworks);
  }

  check(subject: Subject): Finding[] {
    const { deniedPrefixes } = this.settings;
    return [
      ...(deniedPrefixes.length === 0 ? [] : [finding('denied_prefix', begins(subject, deniedPrefixes))]),
      ...(this.settings.deniedNetworks.length === 0 ? [] : [finding('denied_network', isIn(subject, this.denied))]),
    ];
  }

  /** Whether limits by address and alarms say nothing to this client. */
  allows(subject: Subject): boolean {
    return begins(subject, this.settings.allowedPrefixes) || isIn(subject, this.allowed);
  }
}

function finding(rule: string, isDenied: boolean): Finding {
  const help = 'The operator has denied this; only the operator can change it.';
  return { rule, count: Number(isDenied), limit: 1, verdict: isDenied ? 'refuse' : 'pass', help };
}

const begins = ({ phoneNumber }: Subject, prefixes: readonly string[]) =>
  prefixes.some((prefix) => phoneNumber.startsWith(prefix));

const familyOf = (address: string) => (isIPv6(address) ? 'ipv6' : 'ipv4');

/** An address that cannot be told is in no network. */
const isIn = ({ network }: Subject, networks: BlockList) =>
  network !== '' && networks.check(network, familyOf(network));

function networksOf(cidrs: readonly string[]): BlockList {
  const networks = new BlockList();
  for (const cidr of cidrs) {
    const [network = '', length] = cidr.split('/');
    networks.addSubnet(network, Number(length), familyOf(network));
  }
  return networks;
}
