import { ApiProperty } from '@nestjs/swagger';
import type { SmsState } from '../sms-message.entity';

/** What a client is told: not that a dispatcher has the text at the moment. */
const told = ['queued', 'sent', 'delivered', 'failed', 'expired'] as const;

export class DeliveryDto {
  /** `sent` is with a provider; not every provider tells what becomes of it then. */
  @ApiProperty({ enum: told, example: 'sent' })
  status: (typeof told)[number];

  constructor(state: SmsState) {
    this.status = state === 'sending' ? 'queued' : state;
  }
}
