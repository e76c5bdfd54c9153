import { Module } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Clock } from '../clock/clock';
import { ClockModule } from '../clock/clock.module';
import { KeyModule } from '../key/key.module';
import { Pseudonyms } from '../key/pseudonyms';
import { Log } from '../log/log';
import { REDIS, RedisModule } from '../redis/redis.module';
import { RedisStatus } from '../redis/redis-status';
import { SmsSettings } from '../sms/sms-settings';
import { TransactionModule } from '../transaction/transaction.module';
import { AddressLimits } from './address-limits';
import { AlarmLog } from './alarm-log';
import { BudgetLedger } from './budget-ledger';
import { Budgets } from './budgets';
import { ClientLimits } from './client-limits';
import { Counts } from './counts';
import { LimitRetention } from './limit-retention';
import { LimitSettings } from './limit-settings';
import { MemoryCounts } from './memory-counts';
import { OperatorLists } from './operator-lists';
import { Prices } from './prices';
import { RedisCounts } from './redis-counts';
import { SprayAlarm } from './spray-alarm';
import { TollAlarm } from './toll-alarm';

function counts(clock: Clock, redis: Redis | undefined, status: RedisStatus): Counts {
  const memory = new MemoryCounts(clock);
  return redis ? new RedisCounts(redis, status, clock, memory) : memory;
}

function clientLimits(
  limits: LimitSettings,
  counted: Counts,
  pseudonyms: Pseudonyms,
  clock: Clock,
  log: Log,
): ClientLimits {
  const alarms = new AlarmLog(log);
  const rules = {
    lists: new OperatorLists(limits),
    addresses: new AddressLimits(counted, limits),
    spray: new SprayAlarm(counted, limits, alarms),
    toll: new TollAlarm(counted, limits, pseudonyms, alarms),
  };
  return new ClientLimits(rules, counted, pseudonyms, clock, log);
}

function budgets(limits: LimitSettings, { routes }: SmsSettings, clock: Clock): Budgets {
  return new Budgets(new BudgetLedger(), limits, new Prices(limits.prices, routes), clock);
}

/** Limits by client address, by prefix and for the whole service. */
@Module({
  imports: [ClockModule, KeyModule, RedisModule, TransactionModule],
  providers: [
    LimitRetention,
    { provide: Counts, inject: [Clock, REDIS, RedisStatus], useFactory: counts },
    { provide: ClientLimits, inject: [LimitSettings, Counts, Pseudonyms, Clock, Log], useFactory: clientLimits },
    { provide: Budgets, inject: [LimitSettings, SmsSettings, Clock], useFactory: budgets },
  ],
  exports: [ClientLimits, Budgets, LimitRetention],
})
export class LimitModule {}
