import { Body, Controller, HttpCode, HttpStatus, Post } from '@nestjs/common';
import { ApiConsumes, ApiTags, ApiUnauthorizedResponse } from '@nestjs/swagger';
import { Client, type ClientInfo } from '../client/client-info';
import { AnyTokenDto, EmptyDto, RefreshTokenDto, TokenPairDto } from './dto/token.dto';
import { TokenService } from './token.service';
import { tokenNotValid } from './token.examples';

@ApiTags('token')
@ApiConsumes('application/json', 'application/x-www-form-urlencoded', 'multipart/form-data')
@ApiUnauthorizedResponse(tokenNotValid)
@Controller('api/account/token')
export class TokenController {
  constructor(private readonly tokens: TokenService) {}

  /** Trade a refresh token for a new pair; until that is used, the old one gets the same one again. */
  @Post('refresh/')
  @HttpCode(HttpStatus.OK)
  refreshToken(@Body() { refresh }: RefreshTokenDto, @Client() client: ClientInfo): Promise<TokenPairDto> {
    return this.tokens.refresh(refresh, client);
  }

  /** Ask whether a token could be used now. */
  @Post('verify/')
  @HttpCode(HttpStatus.OK)
  async verifyToken(@Body() { token }: AnyTokenDto): Promise<EmptyDto> {
    await this.tokens.verify(token);
    return {};
  }

  /** Sign out: the session is over, and its access tokens with it. */
  @Post('blacklist/')
  @HttpCode(HttpStatus.OK)
  async blacklistToken(@Body() { refresh }: RefreshTokenDto, @Client() client: ClientInfo): Promise<EmptyDto> {
    await this.tokens.blacklist(refresh, client);
    return {};
  }
}
