import { Injectable } from '@nestjs/common';
import { createHmac } from 'node:crypto';
import { ClientKeyRing } from './limit-keys';

/** Where an account has signed in: keyed hashes of devices (`d…`) and networks (`n…`), each with its day since 1970. */
export type KnownClients = Readonly<Record<string, number>>;

/** A client's names, newest key first: what was written under an older key is found, too. */
export interface ClientNames {
  networks: readonly string[];
  /** Empty without a device token. */
  devices: readonly string[];
}

const keptDays = 90;
/** More networks would be more places to guess from: docs/limits.md. */
const kept = { n: 6, d: 10 } as const;
const millisecondsOfDay = 86_400_000;

/** @returns days since 1970 */
export const dayOf = (time: Date) => Math.floor(time.getTime() / millisecondsOfDay);

/** Names clients by hashes that say nothing without the key, and are others for another number. */
@Injectable()
export class ClientNaming {
  constructor(private readonly keys: ClientKeyRing) {}

  /**
   * @param phoneNumber E.164
   * @param network IPv4 whole, IPv6 by /64
   * @param deviceId the session of a device token
   */
  namesOf(phoneNumber: string, network: string, deviceId?: string): ClientNames {
    const names = (kind: 'n' | 'd', id: string) =>
      this.keys.all.map(({ key }) => {
        const mac = createHmac('sha256', key).update(`${kind}|${phoneNumber}|${id}`);
        return `${kind}${mac.digest('hex').slice(0, 12)}`;
      });
    return { networks: names('n', network), devices: deviceId === undefined ? [] : names('d', deviceId) };
  }
}

/** @returns the name by which the client is known; undefined if it is not, or was last seen more than 90 days ago */
export function knownName(known: KnownClients, names: readonly string[], today: number): string | undefined {
  return names.find((name) => (known[name] ?? -Infinity) > today - keptDays);
}

/** @returns names that make room for a new one of their kind: those of former days first, and what is too old */
export function namesToForget(known: KnownClients, added: readonly string[], today: number): string[] {
  return (['n', 'd'] as const).flatMap((kind) => {
    const ofKind = Object.entries(known).filter(([name]) => name.startsWith(kind) && !added.includes(name));
    const byAge = ofKind.sort(([, one], [, other]) => other - one);
    const room = kept[kind] - added.filter((name) => name.startsWith(kind)).length;
    return byAge.filter(([, day], place) => place >= room || day <= today - keptDays).map(([name]) => name);
  });
}
