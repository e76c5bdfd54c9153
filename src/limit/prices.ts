import type { LimitSettings } from './limit-settings';

/** Which transports may carry a text to a country, as in `SMS_ROUTES`; `*` is everywhere else. */
export type Routes = ReadonlyMap<string, readonly string[]>;

/** What a text costs. Which transport will carry it is not known before it is sent. */
export class Prices {
  constructor(
    private readonly prices: LimitSettings['prices'],
    private readonly routes: Routes,
  ) {}

  /**
   * @returns the highest price among the transports of the country's route, in millionths of the unit that prices are in:
   *   a budget must also hold while a dearer transport stands in
   */
  millionthsOf(country: string | undefined): number {
    const route = this.routes.get(country ?? '*') ?? this.routes.get('*') ?? [];
    const price = Math.max(0, ...route.map((transport) => this.priceOf(country ?? '*', transport)));
    return Math.round(price * 1_000_000);
  }

  private priceOf(country: string, transport: string): number {
    const names = [`${country}/${transport}`, country, `*/${transport}`, '*'];
    return names.map((name) => this.prices.get(name)).find((price) => price !== undefined) ?? 0;
  }
}
