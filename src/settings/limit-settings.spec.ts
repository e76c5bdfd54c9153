import { InvalidSettings } from './invalid-settings';
import { readSettings } from './settings';
import { LimitSettings } from '../limit/limit-settings';

const secrets = {
  SECRET_KEY: 'uV0vJm3qk9T1bB6rXw8yZ4nC7eHfLs2PaDgQiKoM',
  JWT_SECRET: 'r9YtGh2LzKx5WqVb8NcMd3FpJs6TaEuRi1OoPlQw',
};
const read = (env: NodeJS.ProcessEnv = {}) => readSettings({ ...secrets, ...env }).limit;

function faults(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    read(env);
  } catch (error) {
    if (error instanceof InvalidSettings) return error.faults;
    throw error;
  }
  return [];
}

describe('limits by address and service', () => {
  it('have the numbers of docs/limits.md by default', () => {
    const none = new Map();
    expect(read()).toEqual(
      Object.assign(Object.create(LimitSettings.prototype), {
        ...{ addressWrongCodes: 20, addressTexts: 10 },
        ...{ spray: 'enforce', sprayVerifies: 200, sprayPercent: 20, sprayDailyFailures: 1_000, sprayDailyPercent: 8 },
        ...{ toll: 'enforce', tollTexts: 50, tollPercent: 35, tollStopTexts: 100, tollStopPercent: 10 },
        ...{ tollNeighbours: 20, dailyTexts: none, dailyMoney: none, prices: none },
        ...{ deniedPrefixes: [], allowedPrefixes: [], deniedNetworks: [], allowedNetworks: [] },
      }),
    );
  });

  it('read amounts in all, by country and by transport', () => {
    const { dailyTexts, dailyMoney, prices } = read({
      SMS_DAILY_TEXTS: '5000, TZ:2000',
      SMS_DAILY_MONEY: 'TZ:40.5,100',
      SMS_PRICES: 'TZ:0.02,TZ/twilio:0.05,*/sns:1,*:0.060001',
    });
    expect(Object.fromEntries(dailyTexts)).toEqual({ '': 5_000, TZ: 2_000 });
    expect(Object.fromEntries(dailyMoney)).toEqual({ '': 100, TZ: 40.5 });
    expect(Object.fromEntries(prices)).toEqual({ TZ: 0.02, 'TZ/twilio': 0.05, '*/sns': 1, '*': 0.060001 });
  });

  it.each([
    ['SMS_DAILY_TEXTS', '5000,6000'],
    ['SMS_DAILY_TEXTS', 'TZ:1,TZ:2'],
    ['SMS_DAILY_TEXTS', 'XX:1'],
    ['SMS_DAILY_TEXTS', '1.5'],
    ['SMS_DAILY_TEXTS', '-1'],
    ['SMS_DAILY_MONEY', 'TZ'],
    ['SMS_DAILY_MONEY', '1.1234567'],
    ['SMS_PRICES', '0.06'],
    ['SMS_PRICES', 'TZ/:0.06'],
    ['SMS_PRICES', 'tz:0.06'],
    ['DENIED_PREFIXES', '25567'],
    ['ALLOWED_PREFIXES', '+'],
    ['ALLOWED_PREFIXES', '+0'],
    ['DENIED_NETWORKS', '203.0.113.8'],
    ['DENIED_NETWORKS', '203.0.113.0/33'],
    ['ALLOWED_NETWORKS', '2001:db8::/65'],
    ['ALLOWED_NETWORKS', '0.0.0.0/0'],
    ['SMS_LINE_TYPES', 'mobile,pager'],
    ['ALARM_SPRAY', 'on'],
    ['ALARM_TOLL', 'Record'],
    ['ALARM_TOLL_PERCENT', '101'],
    ['ALARM_SPRAY_VERIFIES', '0'],
    ['ADDRESS_TEXTS', '-1'],
  ])('refuse %s=%s', (name, value) => {
    expect(faults({ [name]: value })).toEqual([expect.stringMatching(new RegExp(`^${name}: must be `))]);
  });

  it('need a price for every country if money has a budget', () => {
    const fault = 'SMS_PRICES: needs a price for all other countries, such as *:0.06, as SMS_DAILY_MONEY is set';
    expect(faults({ SMS_DAILY_MONEY: '100' })).toEqual([fault]);
    expect(faults({ SMS_DAILY_MONEY: '100', SMS_PRICES: 'TZ:0.02' })).toEqual([fault]);
    expect(faults({ SMS_DAILY_MONEY: '100', SMS_PRICES: '*:0.06' })).toEqual([]);
  });
});
