import { Body, Controller, HttpCode, HttpStatus, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Client, type ClientInfo } from '../client/client-info';
import { accountPrefix } from '../client/request-path';
import { InvalidOtp } from '../error/refusal';
import { Refuses } from '../error/refuses';
import { numberTaken } from './accounts';
import { PhoneUndoDto, PhoneUndoneDto } from './dto/phone-undo.dto';
import { IdempotencyKey } from './idempotency-key.decorator';
import { PhoneUndoService } from './phone-undo.service';

@ApiTags('account')
@Controller(`${accountPrefix}/phone-number`)
export class PhoneUndoController {
  constructor(private readonly undos: PhoneUndoService) {}

  /** Undo a change of number within 72 hours, by the code in the text to the former number; all sessions end. */
  @Post('undo/')
  @HttpCode(HttpStatus.OK)
  @Refuses(InvalidOtp, { refusal: numberTaken(), when: 'The number has an account of its own.' })
  async undoPhoneNumber(
    @IdempotencyKey() key: string | undefined,
    @Body() { phone_number, code }: PhoneUndoDto,
    @Client() client: ClientInfo,
  ): Promise<PhoneUndoneDto> {
    await this.undos.undo(phone_number, code, client, key);
    return {};
  }
}
