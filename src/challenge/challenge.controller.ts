import { Controller, Get } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiTags, getSchemaPath } from '@nestjs/swagger';
import { accountPrefix } from '../client/request-path';
import { NotFound } from '../error/refusal';
import { Refuses } from '../error/refuses';
import { Challenges } from './challenges';
import { AltchaChallengeDto, SiteKeyDto } from './dto/challenge.dto';

@ApiTags('account')
@Controller(`${accountPrefix}/challenge`)
export class ChallengeController {
  constructor(private readonly challenges: Challenges) {}

  /**
   * A challenge to solve where `captcha_token` is demanded: one for the ALTCHA widget, good once and for 5 minutes, or the
   * key for a provider's widget.
   */
  @Get()
  @ApiExtraModels(AltchaChallengeDto, SiteKeyDto)
  @ApiOkResponse({
    schema: { oneOf: [AltchaChallengeDto, SiteKeyDto].map((dto) => ({ $ref: getSchemaPath(dto) })) },
  })
  @Refuses({ refusal: NotFound, when: 'Challenges are off.' })
  offerChallenge(): Promise<AltchaChallengeDto | SiteKeyDto> {
    return this.challenges.offer();
  }
}
