import { AccountSettings } from '../account/account-settings';
import { readChallengeSettings, type ChallengeSettings } from '../challenge/challenge-settings';
import { ClientSettings } from '../client/client-settings';
import { DatabaseSettings } from '../database/database-settings';
import { DispatchSettings } from '../dispatch/dispatch-settings';
import { HttpSettings } from '../http/http-settings';
import { KeySettings } from '../key/key-settings';
import { NumberLimitSettings } from '../limit/number-limit-settings';
import { limitFaults, LimitSettings } from '../limit/limit-settings';
import { LogSettings } from '../log/log-settings';
import { OtpSettings } from '../otp/otp-settings';
import { testNumberFaults, TestNumberSettings } from '../otp/test-number-settings';
import { PhoneSettings } from '../phone/phone-settings';
import { RedisSettings } from '../redis/redis-settings';
import { sessionFaults, SessionSettings } from '../session/session-settings';
import { routing } from '../sms/sms-routes';
import { readProviders, SmsSettings } from '../sms/sms-settings';
import { ThrottleSettings } from '../throttle/throttle-settings';
import { SimplejwtSettings } from '../token/simplejwt-settings';
import { tokenFaults, TokenSettings } from '../token/token-settings';
import { RunMode } from '../variable/run-mode';
import type { GivenVariables } from '../variable/variable-kinds';
import { faultLines, InvalidSettings } from './invalid-settings';
import { sharedSecretFaults } from './shared-secrets';
import { serviceVariables, textVariables } from './variables';

/** The settings of every feature, read once and checked before anything else happens. A feature injects its own alone. */
export interface Settings {
  mode: RunMode;
  http: HttpSettings;
  database: DatabaseSettings;
  key: KeySettings;
  token: TokenSettings;
  simplejwt: SimplejwtSettings;
  session: SessionSettings;
  account: AccountSettings;
  otp: OtpSettings;
  numberLimit: NumberLimitSettings;
  challenge: ChallengeSettings;
  testNumber: TestNumberSettings;
  redis: RedisSettings;
  throttle: ThrottleSettings;
  limit: LimitSettings;
  client: ClientSettings;
  phone: PhoneSettings;
  log: LogSettings;
  sms: SmsSettings;
  dispatch: DispatchSettings;
}

/**
 * Reads and checks all settings. Outside production, absent secrets are made and kept in the folder `DATA_DIR`.
 * @param env as `process.env`; an empty variable counts as absent
 * @throws InvalidSettings naming all faults at once
 */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const { service, texts, ways, challenge } = readValues(given);
  const mode = new RunMode(service);
  const client = new ClientSettings(service);
  return {
    mode,
    client,
    http: new HttpSettings(service, mode),
    database: new DatabaseSettings(service, mode),
    key: new KeySettings(service, mode),
    token: new TokenSettings(service, mode),
    simplejwt: new SimplejwtSettings(service),
    session: new SessionSettings(service),
    account: new AccountSettings(service),
    otp: new OtpSettings(service),
    numberLimit: new NumberLimitSettings(service),
    challenge,
    testNumber: new TestNumberSettings(texts),
    redis: new RedisSettings(service),
    throttle: new ThrottleSettings(service),
    limit: new LimitSettings(service),
    phone: new PhoneSettings(service),
    log: new LogSettings(service),
    sms: new SmsSettings(texts, ways, mode, client.publicUrl),
    dispatch: new DispatchSettings(texts),
  };
}

/** @throws InvalidSettings with the faults of all features, and those between two of them */
function readValues(given: GivenVariables) {
  const production = given.NODE_ENV === 'production';
  const service = serviceVariables(production, given).safeParse(given);
  const routes = routing(production).safeParse(given);
  const texts = textVariables.safeParse(given);
  const faultsOf = (error: Parameters<typeof faultLines>[0] | undefined, missing?: string) =>
    error ? faultLines(error, given, missing) : [];
  const { challenge, faults: challengeFaults } = readChallengeSettings(given, faultsOf);
  const { providers, faults: providerFaults } = readProviders(routes.data ?? new Map(), given, faultsOf);
  const faults = [
    ...faultsOf(service.error),
    ...(service.success ? tokenFaults(service.data) : []),
    ...sharedSecretFaults(given),
    ...(service.success ? sessionFaults(service.data) : []),
    ...(service.success ? limitFaults(service.data) : []),
    ...challengeFaults,
    ...faultsOf(routes.error),
    ...faultsOf(texts.error),
    ...(texts.success ? testNumberFaults(texts.data, production) : []),
    ...providerFaults,
  ];
  if (!service.success || !routes.success || !texts.success || !challenge || faults.length > 0)
    throw new InvalidSettings(faults);
  return { service: service.data, texts: texts.data, challenge, ways: { routes: routes.data, providers } };
}
