import { Body, Controller, HttpCode, HttpStatus, Post, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Client, deviceTokenHeader, type ClientInfo } from '../client/client-info';
import { AcceptLanguage } from '../client/language-wish';
import { accountPrefix } from '../client/request-path';
import { ChallengeInvalid, ChallengeRequired, InvalidOtp, Throttled } from '../error/refusal';
import { Refuses } from '../error/refuses';
import { AccountService } from './account.service';
import { OtpRequestedDto } from './dto/otp-requested.dto';
import { RequestOtpDto } from './dto/request-otp.dto';
import { SignInDto } from './dto/sign-in.dto';
import { VerifyOtpDto } from './dto/verify-otp.dto';
import { IdempotencyKey } from './idempotency-key.decorator';

const deviceTokenRequest = {
  name: 'X-Device-Token',
  required: false,
  description:
    'What the last sign-in replied on this device: its guesses are counted apart, and more texts go to the number.',
  schema: { type: 'string' as const },
};

const deviceTokenReply = {
  description: 'Keep it, and send it with later requests for this number: it marks a device that has signed in before.',
  schema: { type: 'string' as const },
};

@ApiTags('account')
@Controller(accountPrefix)
export class AccountController {
  constructor(private readonly accounts: AccountService) {}

  /** Ask for a one-time code by text; inside its life the same code is sent again. */
  @Post('request-otp/')
  @HttpCode(HttpStatus.OK)
  @ApiHeader(deviceTokenRequest)
  @Refuses(Throttled, ChallengeRequired, ChallengeInvalid)
  async requestOtp(
    @IdempotencyKey() key: string | undefined,
    @Body() { phone_number, locale, captcha_token }: RequestOtpDto,
    @AcceptLanguage() acceptLanguage: string | undefined,
    @Client() client: ClientInfo,
  ): Promise<OtpRequestedDto> {
    const language = { locale, acceptLanguage };
    return new OtpRequestedDto(await this.accounts.requestOtp(phone_number, language, client, key, captcha_token));
  }

  /** Trade a one-time code for an access and a refresh token; makes the account at the first sign-in. */
  @Post('verify-otp-and-generate-token/')
  @HttpCode(HttpStatus.OK)
  @ApiHeader(deviceTokenRequest)
  @Refuses(InvalidOtp)
  @ApiOkResponse({ type: SignInDto, headers: { 'X-Device-Token': deviceTokenReply } })
  async verifyOtpAndGenerateToken(
    @IdempotencyKey() key: string | undefined,
    @Body() { phone_number, otp }: VerifyOtpDto,
    @Client() client: ClientInfo,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignInDto> {
    const { tokens, deviceToken } = await this.accounts.verifyOtpAndGenerateToken(phone_number, otp, client, key);
    void reply.header(deviceTokenHeader, deviceToken);
    return tokens;
  }
}
