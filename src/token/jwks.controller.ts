import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { JwksDto } from './dto/jwks.dto';
import { TOKEN_POLICY, type TokenPolicy } from './token-policy';

@ApiTags('token')
@Controller('.well-known')
export class JwksController {
  constructor(@Inject(TOKEN_POLICY) private readonly policy: TokenPolicy) {}

  /** The public keys that access tokens are checked with (RFC 7517); none where they are signed with `JWT_SECRET`. */
  @Get('jwks.json')
  @Header('Cache-Control', 'public, max-age=300')
  jwks(): JwksDto {
    return { keys: this.policy.access.publicKeys };
  }
}
