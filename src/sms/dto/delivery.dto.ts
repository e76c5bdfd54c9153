import { ApiProperty } from '@nestjs/swagger';
import type { SmsState } from '../sms-message.entity';

/** What a client is told: who has the text at the moment is nobody's business. */
const told = ['queued', 'sent', 'delivered', 'failed', 'expired'] as const;

export class DeliveryDto {
  /** `sent` is with a provider; not every provider tells what becomes of it then. */
  @ApiProperty({ enum: told, example: 'sent' })
  status: (typeof told)[number];

  constructor(state: SmsState) {
    this.status = state === 'sending' ? 'queued' : state;
  }
}
