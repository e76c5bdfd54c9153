import { Controller, Get, Header } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { wellKnownPrefix } from '../client/request-path';
import { JwksDto } from './dto/jwks.dto';
import { TokenService } from './token.service';

@ApiTags('token')
@Controller(wellKnownPrefix)
export class JwksController {
  constructor(private readonly tokens: TokenService) {}

  /** The public keys that access tokens are checked with (RFC 7517); none where they are signed with `JWT_SECRET`. */
  @Get('jwks.json')
  @Header('Cache-Control', 'public, max-age=300')
  jwks(): JwksDto {
    return { keys: this.tokens.publicKeys };
  }
}
