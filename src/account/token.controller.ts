import { Body, Controller, HttpCode, HttpStatus, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Client, type ClientInfo } from '../client/client-info';
import { accountPrefix } from '../client/request-path';
import { TokenNotValid } from '../error/refusal';
import { Refuses } from '../error/refuses';
import { AnyTokenDto, EmptyDto, RefreshTokenDto, TokenPairDto } from './dto/token.dto';
import { RenewalService } from './renewal.service';

@ApiTags('token')
@Refuses(TokenNotValid)
@Controller(`${accountPrefix}/token`)
export class TokenController {
  constructor(private readonly renewals: RenewalService) {}

  /** Trade a refresh token for a new pair; until that is used, the old one gets the same one again. */
  @Post('refresh/')
  @HttpCode(HttpStatus.OK)
  refreshToken(@Body() { refresh }: RefreshTokenDto, @Client() client: ClientInfo): Promise<TokenPairDto> {
    return this.renewals.refresh(refresh, client);
  }

  /** Ask whether a token could be used now. */
  @Post('verify/')
  @HttpCode(HttpStatus.OK)
  async verifyToken(@Body() { token }: AnyTokenDto): Promise<EmptyDto> {
    await this.renewals.verify(token);
    return {};
  }

  /** Sign out: the session is over, and its access tokens with it. */
  @Post('blacklist/')
  @HttpCode(HttpStatus.OK)
  async blacklistToken(@Body() { refresh }: RefreshTokenDto, @Client() client: ClientInfo): Promise<EmptyDto> {
    await this.renewals.blacklist(refresh, client);
    return {};
  }
}
