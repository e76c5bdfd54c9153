import { Global, Module } from '@nestjs/common';
import pino from 'pino';
import { Log, LOG_DESTINATION } from './log';

/** Global, as every room may log and none may do without. */
@Global()
@Module({
  providers: [Log, { provide: LOG_DESTINATION, useFactory: () => pino.destination({ fd: 1, sync: true }) }],
  exports: [Log],
})
export class LogModule {}
