import { Controller, Get, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { accountPrefix } from '../client/request-path';
import { NotFound } from '../error/refusal';
import { Refuses } from '../error/refuses';
import { IdPipe } from '../field/id.pipe';
import { DeliveryDto } from './dto/delivery.dto';
import { SmsOutbox } from './sms-outbox';

@ApiTags('account')
@Controller(`${accountPrefix}/request-otp`)
export class DeliveryController {
  constructor(private readonly outbox: SmsOutbox) {}

  /** What became of the text of a request. */
  @Get(':request_id/')
  @Refuses({ refusal: NotFound, when: 'There was no such request.' })
  async readDelivery(@Param('request_id', IdPipe) requestId: string): Promise<DeliveryDto> {
    return new DeliveryDto(await this.outbox.stateOf(requestId));
  }
}
