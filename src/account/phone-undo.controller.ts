import { Body, Controller, HttpCode, HttpStatus, Post } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiConsumes,
  ApiHeader,
  ApiTags,
  ApiUnprocessableEntityResponse,
} from '@nestjs/swagger';
import { Client, type ClientInfo } from '../client/client-info';
import { idempotencyKey, keyReused, undoRefusals } from './account.examples';
import { PhoneUndoDto, PhoneUndoneDto } from './dto/phone-undo.dto';
import { IdempotencyKey } from './idempotency-key.decorator';
import { PhoneUndoService } from './phone-undo.service';

@ApiTags('account')
@ApiConsumes('application/json', 'application/x-www-form-urlencoded', 'multipart/form-data')
@Controller('api/account/phone-number')
export class PhoneUndoController {
  constructor(private readonly undos: PhoneUndoService) {}

  /** Undo a change of number within 72 hours, by the code in the text to the former number; all sessions end. */
  @Post('undo/')
  @HttpCode(HttpStatus.OK)
  @ApiBadRequestResponse(undoRefusals)
  @ApiHeader(idempotencyKey)
  @ApiUnprocessableEntityResponse(keyReused)
  async undoPhoneNumber(
    @IdempotencyKey() key: string | undefined,
    @Body() { phone_number, code }: PhoneUndoDto,
    @Client() client: ClientInfo,
  ): Promise<PhoneUndoneDto> {
    await this.undos.undo(phone_number, code, client, key);
    return {};
  }
}
