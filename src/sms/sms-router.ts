import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock';
import { Log } from '../log/log';
import { PhoneNumber } from '../phone/phone-number';
import { GuardedTransport } from './guarded-transport';
import type { SmsMessage } from './sms-message.entity';
import type { SmsRoutes } from './sms-routes';
import { SmsSettings } from './sms-settings';
import { SmsTransports } from './transports';

/** Which transports may carry a text, and in which order. */
@Injectable()
export class SmsRouter {
  private readonly transports: ReadonlyMap<string, GuardedTransport>;
  private readonly routes: SmsRoutes;

  constructor(
    given: SmsTransports,
    @Inject(SmsSettings) { routes }: Pick<SmsSettings, 'routes'>,
    private readonly clock: Clock,
    log: Log,
  ) {
    this.transports = new Map(given.all.map((it) => [it.name, new GuardedTransport(it, clock, log)]));
    this.routes = routes;
  }

  /** @returns undefined for a transport that is in no route */
  transport(name: string): GuardedTransport | undefined {
    return this.transports.get(name);
  }

  /** The number's transports, less those that will not take this text, the next one to try first. */
  candidates(message: RoutedMessage): GuardedTransport[] {
    const route = this.routeOf(message.phoneNumber);
    const refused = message.refusedBy.split(',');
    const last = route.indexOf(message.transport ?? '');
    // One that was left behind in the middle of a try goes the same way again: the provider may know its id.
    const first = message.state === 'sending' && last >= 0 ? last : last + 1;
    const order = [...route.slice(first), ...route.slice(0, first)];
    return order.flatMap((name) => (refused.includes(name) ? [] : (this.transport(name) ?? [])));
  }

  /** The transport to try now, or when there will be one; undefined if there is none left. */
  choose(message: RoutedMessage): GuardedTransport | Date | undefined {
    const candidates = this.candidates(message);
    const now = this.clock.now();
    const times = candidates.map((it) => it.availableAt(message.phoneNumber).getTime());
    if (times.length === 0) return undefined;
    const free = candidates.find((it) => it.availableAt(message.phoneNumber) <= now);
    free?.reserve(message);
    return free ?? new Date(Math.min(...times));
  }

  /** Whether a transport that stands after the message's last one in its route may still take it. */
  hasNext(message: RoutedMessage): boolean {
    const route = this.routeOf(message.phoneNumber);
    const refused = message.refusedBy.split(',');
    return route.slice(route.indexOf(message.transport ?? '') + 1).some((name) => !refused.includes(name));
  }

  /** How many transports a number has. */
  countFor(phoneNumber: string): number {
    return this.routeOf(phoneNumber).length;
  }

  private routeOf(phoneNumber: string): readonly string[] {
    const country = PhoneNumber.read(phoneNumber, {})?.country;
    return (country && this.routes.get(country)) ?? this.routes.get('*') ?? [];
  }
}

export type RoutedMessage = Pick<SmsMessage, 'id' | 'phoneNumber' | 'state' | 'transport' | 'refusedBy'>;
