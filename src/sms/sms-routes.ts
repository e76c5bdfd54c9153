import { isSupportedCountry, type CountryCode } from 'libphonenumber-js/max';
import { z } from 'zod';
import { list } from '../variable/variable-kinds';
import { isProvider, smsTransportNames, type SmsTransportName } from './sms-provider-settings';

/** Orders of transports by country; `*` is everywhere else. */
export type SmsRoutes = ReadonlyMap<CountryCode | '*', readonly SmsTransportName[]>;

const transportName = z.enum(smsTransportNames, `must be out of: ${smsTransportNames.join(', ')}`);
const eachOnce = (names: readonly string[]) => new Set(names).size === names.length && names.length > 0;

const routes = list.transform((entries, context): SmsRoutes => {
  const found = new Map<CountryCode | '*', SmsTransportName[]>();
  for (const entry of entries) {
    const [place = '', order = ''] = entry.split(':').map((part) => part.trim());
    const names = z.array(transportName).safeParse(order.split('>').map((name) => name.trim()));
    const known = place === '*' || isSupportedCountry(place);
    if (!known || !names.success || !eachOnce(names.data) || found.has(place) || entry.split(':').length !== 2) {
      const message = 'must be countries with transports, each once, such as TZ:africastalking>beem,*:twilio';
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    }
    found.set(place, names.data);
  }
  return found;
});

const notInProduction = 'shows codes to anyone at the machine (console, file): not for production';

/**
 * The variables that say which transports carry the texts of each country, read as one `SmsRoutes`.
 * @param production whether providers must be named, and nothing else may be
 */
export function routing(production: boolean) {
  const fitting = (names: readonly SmsTransportName[]) => !production || names.every(isProvider);
  const order = list
    .pipe(z.array(transportName))
    .refine(eachOnce, { error: 'names no transport, or one twice', abort: true })
    .refine(fitting, notInProduction);
  return z
    .object({
      SMS_TRANSPORT: order.optional(),
      SMS_ROUTES: routes.refine((it) => fitting([...it.values()].flat()), notInProduction).default(new Map()),
    })
    .transform(({ SMS_TRANSPORT, SMS_ROUTES }, context): SmsRoutes => {
      const everywhere = SMS_ROUTES.get('*') ?? SMS_TRANSPORT ?? (production ? undefined : (['console'] as const));
      if (everywhere) return new Map([...SMS_ROUTES, ['*', everywhere]]);
      context.addIssue({ code: 'custom', message: '', path: ['SMS_TRANSPORT'] });
      return z.NEVER;
    });
}
