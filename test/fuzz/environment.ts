import { unlimited } from '../support/environment';
import { providerEnvironment, receiptToken, vonageSecret } from '../simulator/provider-server';

/** No country whose numbers are asked for here: nothing is sent over these, but all of them take receipts. */
const routes = 'TD:africastalking,TG:beem,TO:twilio,TV:vonage,TL:infobip,TM:kannel,TJ:webhook';

/** Of a service all of whose routes are at hand: texts in a file, receipts of every provider. */
export function fuzzEnvironment(): NodeJS.ProcessEnv {
  return {
    SMS_TRANSPORT: 'file',
    SMS_ROUTES: routes,
    PUBLIC_URL: 'https://sms.hodi.test',
    SMS_RECEIPT_TOKEN: receiptToken,
    VONAGE_SIGNATURE_SECRET: vonageSecret,
    ...Object.fromEntries(Object.values(providerEnvironment('http://127.0.0.1:1')).flatMap((it) => Object.entries(it))),
    ...unlimited,
  };
}
