import { Body, Controller, Delete, Get, HttpCode, HttpStatus, Patch, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Client, type ClientInfo } from '../client/client-info';
import { AcceptLanguage } from '../client/language-wish';
import { accountPrefix } from '../client/request-path';
import { ChallengeInvalid, ChallengeRequired, FreshLoginRequired, InvalidOtp, Throttled } from '../error/refusal';
import { Refuses } from '../error/refuses';
import { CurrentCaller, EndsSession, SignedIn, type Caller } from '../session/caller';
import { numberTaken } from './accounts';
import { OtpRequestedDto } from './dto/otp-requested.dto';
import { ChangeProfileDto, NewPhoneNumberDto, ProfileDto } from './dto/profile.dto';
import { VerifyOtpDto } from './dto/verify-otp.dto';
import { IdempotencyKey } from './idempotency-key.decorator';
import { PhoneChangeService } from './phone-change.service';
import { ProfileService } from './profile.service';

@ApiTags('me')
@SignedIn()
@Controller(`${accountPrefix}/me`)
export class MeController {
  constructor(
    private readonly profiles: ProfileService,
    private readonly phoneChanges: PhoneChangeService,
  ) {}

  /** The caller's account. */
  @Get()
  async readMe(@CurrentCaller() caller: Caller): Promise<ProfileDto> {
    return new ProfileDto(await this.profiles.read(caller));
  }

  /** Change the name, the language, or both. */
  @Patch()
  async changeMe(
    @CurrentCaller() caller: Caller,
    @Body() { display_name, locale }: ChangeProfileDto,
  ): Promise<ProfileDto> {
    const change = {
      ...(display_name === undefined ? {} : { displayName: display_name }),
      ...(locale === undefined ? {} : { locale }),
    };
    return new ProfileDto(await this.profiles.change(caller, change));
  }

  /** Delete the account, within 10 minutes of signing in: all sessions end, and the number is free again. */
  @Delete()
  @HttpCode(HttpStatus.NO_CONTENT)
  @EndsSession()
  @Refuses(FreshLoginRequired)
  deleteMe(@CurrentCaller() caller: Caller, @IdempotencyKey() key: string | undefined): Promise<void> {
    return this.profiles.delete(caller, key);
  }

  /** Ask for a code at a new number, within 10 minutes of signing in; only this session can use it. */
  @Post('phone-number/')
  @HttpCode(HttpStatus.OK)
  @Refuses(FreshLoginRequired, Throttled, ChallengeRequired, ChallengeInvalid)
  async requestPhoneNumber(
    @CurrentCaller() caller: Caller,
    @IdempotencyKey() key: string | undefined,
    @Body() { phone_number, captcha_token }: NewPhoneNumberDto,
    @AcceptLanguage() acceptLanguage: string | undefined,
    @Client() client: ClientInfo,
  ): Promise<OtpRequestedDto> {
    const wish = { phoneNumber: phone_number, acceptLanguage, captchaToken: captcha_token };
    return new OtpRequestedDto(await this.phoneChanges.request(caller, wish, client, key));
  }

  /**
   * Move the account to the new number by its code, within 10 minutes of signing in; the other sessions end. The former
   * number is sent a code that undoes it.
   */
  @Post('phone-number/verify/')
  @HttpCode(HttpStatus.OK)
  @Refuses(FreshLoginRequired, InvalidOtp, { refusal: numberTaken(), when: 'The number has an account of its own.' })
  async verifyPhoneNumber(
    @CurrentCaller() caller: Caller,
    @IdempotencyKey() key: string | undefined,
    @Body() { phone_number, otp }: VerifyOtpDto,
    @Client() client: ClientInfo,
  ): Promise<ProfileDto> {
    return new ProfileDto(await this.phoneChanges.verify(caller, phone_number, otp, client, key));
  }
}
