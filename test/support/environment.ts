import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new, empty folder. */
export function scratchFolder(): string {
  return mkdtempSync(join(tmpdir(), 'hodi-test-'));
}

export const secrets = {
  SECRET_KEY: 'uV0vJm3qk9T1bB6rXw8yZ4nC7eHfLs2PaDgQiKoM',
  JWT_SECRET: 'r9YtGh2LzKx5WqVb8NcMd3FpJs6TaEuRi1OoPlQw',
};

/** Without the limits that a test is not about. */
export const unlimited = {
  THROTTLE_LIMIT: '0',
  OTP_TEXTS_PER_HOUR: '0',
  OTP_TEXTS_PER_DAY: '0',
  OTP_WRONG_PER_DAY: '0',
  OTP_WRONG_PER_MONTH: '0',
  ADDRESS_TEXTS: '0',
  ADDRESS_WRONG_CODES: '0',
  ALARM_SPRAY: 'off',
  ALARM_TOLL: 'off',
};

/** Variables of a service under test: no limits but those a test is about, texts in a file. */
export function testEnvironment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return {
    NODE_ENV: 'test',
    DATA_DIR: scratchFolder(),
    SMS_TRANSPORT: 'file',
    ...unlimited,
    PORT: '0',
    ...secrets,
    ...more,
  };
}

/** Servers that tests may use; an empty variable counts as absent. */
export const mysqlUrl = process.env.TEST_MYSQL_URL || undefined;
export const redisUrl = process.env.TEST_REDIS_URL || undefined;
