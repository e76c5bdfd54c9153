import { EventEmitter } from 'node:events';
import { Injectable } from '@nestjs/common';

/**
 * Tells what sends texts that one may be due: `due`, after each commit that adds a text or makes one due again. Without
 * a listener the texts wait in the outbox.
 */
@Injectable()
export class SmsSignal extends EventEmitter<{ due: [] }> {}
