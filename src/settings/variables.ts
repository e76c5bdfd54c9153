import { z } from 'zod';
import { accountVariables } from '../account/account-settings';
import { challengeSettingNames } from '../challenge/challenge-settings';
import { clientVariables } from '../client/client-settings';
import { databaseVariables } from '../database/database-settings';
import { dispatchVariables, formerDispatchVariables } from '../dispatch/dispatch-settings';
import { httpVariables } from '../http/http-settings';
import { keyVariables } from '../key/key-settings';
import { numberLimitVariables } from '../limit/number-limit-settings';
import { limitVariables } from '../limit/limit-settings';
import { logVariables } from '../log/log-settings';
import { otpVariables } from '../otp/otp-settings';
import { testNumberVariables } from '../otp/test-number-settings';
import { phoneVariables } from '../phone/phone-settings';
import { redisVariables } from '../redis/redis-settings';
import { sessionVariables } from '../session/session-settings';
import { providerSettingNames } from '../sms/sms-provider-settings';
import { routingNames, smsVariables } from '../sms/sms-settings';
import { throttleVariables } from '../throttle/throttle-settings';
import { simplejwtVariables } from '../token/simplejwt-settings';
import { tokenVariables } from '../token/token-settings';
import { modeVariables } from '../variable/run-mode';
import type { GivenVariables } from '../variable/variable-kinds';

/** The variables of every feature, but for those about texts. Faults are told in this order. */
export function serviceVariables(production: boolean, given: GivenVariables) {
  return z.object({
    ...modeVariables,
    ...httpVariables(production),
    ...databaseVariables,
    ...keyVariables(production),
    ...tokenVariables(production, given),
    ...sessionVariables,
    ...accountVariables,
    ...simplejwtVariables,
    ...otpVariables,
    ...numberLimitVariables(production),
    ...redisVariables,
    ...throttleVariables,
    ...limitVariables,
    ...clientVariables,
    ...phoneVariables,
    ...logVariables,
  });
}

/** The variables about texts. Read apart, so that a fault elsewhere hides none of what they say together. */
export const textVariables = z.object({
  ...smsVariables,
  ...dispatchVariables,
  ...formerDispatchVariables,
  ...testNumberVariables,
});

/** The names of all variables that are read: a slip in a name is found by them, and `.env.example` shows each. */
export const settingNames = [
  ...Object.keys(serviceVariables(false, {}).shape),
  ...challengeSettingNames,
  ...routingNames,
  ...Object.keys(textVariables.shape).filter((name) => !(name in formerDispatchVariables)),
  ...providerSettingNames,
];
