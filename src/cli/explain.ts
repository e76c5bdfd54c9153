import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { parseArgs } from 'node:util';
import { ClientRecognition } from '../account/client-recognition';
import { Explanation, type Explained } from '../account/explanation';
import { countedNetwork } from '../client/client-info';
import { parseAddress } from '../client/client-address';
import { ClockModule } from '../clock/clock.module';
import { DatabaseModule } from '../database/database.module';
import { CannotStart } from '../error/cannot-start';
import { LimitModule } from '../limit/limit.module';
import { NumberLimitModule } from '../limit/number-limit.module';
import { LogModule } from '../log/log.module';
import { LogSettings } from '../log/log-settings';
import { OtpChallengeRepository } from '../otp/otp-challenge.repository';
import { OtpPolicy } from '../otp/otp-policy';
import { RequestPlanner } from '../otp/request-plan';
import { PhoneNumber } from '../phone/phone-number';
import type { Settings } from '../settings/settings';
import { SettingsModule } from '../settings/settings.module';
import { TransactionModule } from '../transaction/transaction.module';
import { command } from './command';

const usage = 'Usage: npm run explain -- +255679190720 --ip 203.0.113.7 [--device <X-Device-Token>] [--solved]';

/** The rules alone: nothing here sends, listens or deletes. */
@Module({})
class ExplainModule {
  static with(settings: Settings): DynamicModule {
    const parts = [ClockModule, DatabaseModule, LimitModule, LogModule, NumberLimitModule, TransactionModule];
    return {
      module: ExplainModule,
      imports: [SettingsModule.with({ ...settings, log: new LogSettings({ LOG_LEVEL: 'silent' }) }), ...parts],
      providers: [ClientRecognition, Explanation, OtpChallengeRepository, OtpPolicy, RequestPlanner],
    };
  }
}

/** `npm run explain`: runs every rule for a request from that address and prints what each says. */
command(async (settings) => {
  const { number, address, device, solved } = readArguments(settings);
  const app = await NestFactory.createApplicationContext(ExplainModule.with(settings), { logger: false });
  const client = { ip: '', userAgent: '', address: countedNetwork(address), deviceToken: device };
  const explained = await app.get(Explanation).explain(number, client, solved);
  await app.close();
  process.stdout.write(report(explained, settings.redis.redisUrl !== undefined));
});

function readArguments({ phone }: Settings) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { ip: { type: 'string' }, device: { type: 'string' }, solved: { type: 'boolean', default: false } },
  });
  const number = PhoneNumber.read(positionals[0] ?? '', { defaultRegion: phone.phoneDefaultRegion });
  const address = parseAddress(values.ip ?? '');
  if (number === undefined || address === undefined) throw new CannotStart(usage);
  return { number, address, device: values.device, solved: values.solved };
}

const verdicts = {
  refuse: 'No code would be sent now.',
  challenge: 'A code would be sent once a challenge is solved.',
  issue: 'A new code would be sent.',
  resend: 'The live code would be sent once more.',
} as const;

function report({ standing, findings, plan }: Explained, isShared: boolean): string {
  const rows = findings.map((it) => [it.rule, String(it.count), String(it.limit), it.verdict, waitOf(it), it.help]);
  const table = [['rule', 'count', 'limit', 'verdict', 'wait', 'what would help'], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  const worst = findings.some(({ verdict }) => verdict === 'refuse') ? 'refuse' : plan;
  const note = isShared
    ? ''
    : 'Counts by address, prefix and service are those of a service that runs: without REDIS_URL\nthey are in its memory, and 0 here.\n';
  return `The client is ${standing === 'unknown' ? 'not known' : `known by its ${standing}`}.\n\n${lines.join('\n')}\n\n${note}${verdicts[worst]}\n`;
}

const waitOf = ({ retryAfterSeconds }: { retryAfterSeconds?: number }) =>
  retryAfterSeconds === undefined ? '' : `${retryAfterSeconds} s`;
