import { Controller, Get, Param } from '@nestjs/common';
import { ApiNotFoundResponse, ApiTags } from '@nestjs/swagger';
import { IdPipe } from '../field/id.pipe';
import { DeliveryDto } from './dto/delivery.dto';
import { SmsOutbox } from './sms-outbox';

@ApiTags('account')
@Controller('api/account/request-otp')
export class DeliveryController {
  constructor(private readonly outbox: SmsOutbox) {}

  /** What became of the text of a request. */
  @Get(':request_id/')
  @ApiNotFoundResponse({
    description: 'There was no such request.',
    content: { 'application/json': { example: { detail: 'Not found.' } } },
  })
  async readDelivery(@Param('request_id', IdPipe) requestId: string): Promise<DeliveryDto> {
    return new DeliveryDto(await this.outbox.stateOf(requestId));
  }
}
